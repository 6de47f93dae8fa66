import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../support/server";

/** What it is started with: the one of the folder that script/bench has made. */
const PROGRAM = resolve(process.env.DAYPASS_STREAMLIT ?? "streamlit");
const APP = resolve("../bench/browser/app.py");

/** The same pages, made with Streamlit. */
export class Streamlit {
  private constructor(
    readonly origin: string,
    private readonly home: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(): Promise<Streamlit> {
    const port = await freePort();
    // Nothing of it is kept in the folder of whoever measures.
    const home = mkdtempSync(join(tmpdir(), "daypass-streamlit-"));
    const settings = {
      "server.headless": "true",
      "server.address": "127.0.0.1",
      "server.port": String(port),
      "server.fileWatcherType": "none",
      "browser.gatherUsageStats": "false",
    };
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const child = spawn(PROGRAM, ["run", APP, ...options], { cwd: home, env: { PATH: process.env.PATH, HOME: home }, stdio: "ignore" });
    const streamlit = new Streamlit(`http://127.0.0.1:${port}`, home, child);
    try {
      await streamlit.ready();
    } catch (error) {
      streamlit.stop();
      throw error;
    }
    return streamlit;
  }

  private async ready(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      const answer = await fetch(`${this.origin}/_stcore/health`).catch(() => undefined);
      if (answer?.ok) return;
      if (this.process.exitCode !== null) throw new Error(`Streamlit ended with ${this.process.exitCode}`);
      await new Promise((later) => setTimeout(later, 100));
    }
    throw new Error("Streamlit does not start");
  }

  stop(): void {
    this.process.kill("SIGKILL");
    rmSync(this.home, { recursive: true, force: true });
  }
}
