import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const BINARY = resolve(process.env.DAYPASS_BIN ?? "../target/release/daypass");
/** The same program, with a clock that a test sets. */
export const BINARY_WITH_CLOCK = `${BINARY}-test-clock`;
const SITE = resolve(process.env.DAYPASS_SITE ?? "../target/release/site");

export type Settings = Record<string, string>;

/** A real server with a folder, a database and a port of its own. */
export class Server {
  private process: ChildProcess | undefined;

  private constructor(
    readonly origin: string,
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly binary: string,
  ) {}

  /** With `ownTime` the server's clock also moves on by `pass`. */
  static async start(settings: Settings = {}, ownTime = false): Promise<Server> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "daypass-"));
    const server = new Server(`http://127.0.0.1:${port}`, folder, {
      PATH: process.env.PATH,
      LEPTOS_SITE_ROOT: SITE,
      DAYPASS_LISTEN: `127.0.0.1:${port}`,
      DAYPASS_DEMO: "1",
      RUST_LOG: "warn",
      ...(ownTime ? { DAYPASS_TEST_CLOCK: join(folder, "clock") } : {}),
      ...settings,
    }, ownTime ? BINARY_WITH_CLOCK : BINARY);
    await server.run();
    return server;
  }

  /** Starts the process, and waits for the line that says that it is ready. */
  async run(): Promise<void> {
    const child = spawn(this.binary, ["serve"], { cwd: this.folder, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    let said = "";
    child.stderr.on("data", (data) => (said += data));
    await new Promise<void>((ready, failed) => {
      child.stdout.on("data", (data) => {
        if (String(data).includes("Daypass is ready")) ready();
      });
      child.once("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((ended) => {
      child.once("exit", ended);
      child.kill(signal);
    });
  }

  /** Stops the process where it is, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.process?.kill(signal);
  }

  async restart(): Promise<void> {
    await this.end("SIGTERM");
    await this.run();
  }

  /** Takes the database away, or brings it back, while the server runs. */
  database(state: "away" | "back"): void {
    const [here, aside] = [join(this.folder, "data/demo.db"), join(this.folder, "aside")];
    if (state === "away") renameSync(here, aside);
    else renameSync(aside, here);
  }

  /** Makes an account. */
  addAccount(name: string, password: string): void {
    this.runCommand(["users", "add", name, "--password-stdin"], password);
  }

  /** Runs a command of the operator's, against this server's database. */
  command(...args: string[]): string {
    return this.runCommand(args, "");
  }

  private runCommand(args: string[], input: string): string {
    const done = spawnSync(BINARY, args, { cwd: this.folder, env: this.env, encoding: "utf8", input });
    if (done.status !== 0) throw new Error(`daypass ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  private ahead = 0;

  /** Time passes for the server. */
  pass(milliseconds: number): void {
    this.ahead += milliseconds;
    // In one step: the server reads it at any moment.
    writeFileSync(join(this.folder, "clock.new"), String(this.ahead));
    renameSync(join(this.folder, "clock.new"), join(this.folder, "clock"));
  }

  async stop(): Promise<void> {
    await this.end("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => found(typeof address === "object" && address ? address.port : 0));
    });
  });
}
