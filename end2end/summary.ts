import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/** Closes a run with one plain line: how many passed and failed. */
export default class Summary implements Reporter {
  private passed = 0;
  private failed = 0;
  private skipped = 0;

  onTestEnd(test: TestCase, result: TestResult) {
    if (result.status === "skipped") this.skipped += 1;
    else if (test.outcome() === "expected") this.passed += 1;
    else this.failed += 1;
  }

  onEnd(_: FullResult) {
    console.log(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
  }
}
