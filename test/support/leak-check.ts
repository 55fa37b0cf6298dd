import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';

/** What the process holds at a moment. */
export interface Holdings {
  /** Open descriptors: what they point to. */
  readonly descriptors: readonly string[];
}

/** Takes stock before an action; hand the result to {@link assertNothingLeft}. */
export function takeStock(): Holdings {
  return { descriptors: openDescriptors() };
}

/** What must be left untouched by an action, besides the descriptors. */
export interface LeftoverExpectations {
  /** Signals that must have no listener of ours. */
  readonly signals?: readonly AbortSignal[] | undefined;
  /** Folders that must be empty. */
  readonly emptyFolders?: readonly string[] | undefined;
  /** How long closing may take to be seen by the kernel. Default: 2,000. */
  readonly withinMs?: number | undefined;
}

/** Asserts that an action left no open descriptor, no listener on a signal and no file behind. */
export async function assertNothingLeft(
  before: Holdings,
  expectations: LeftoverExpectations = {},
): Promise<void> {
  for (const signal of expectations.signals ?? []) {
    assert.equal(getEventListeners(signal, 'abort').length, 0, 'the signal has no listener left');
  }
  for (const folder of expectations.emptyFolders ?? []) {
    assert.deepEqual(readdirSync(folder), [], `${folder} is empty`);
  }
  // A socket is closed a moment after it says so.
  const deadline = Date.now() + (expectations.withinMs ?? 2_000);
  let extra = newDescriptors(before);
  while (extra.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    extra = newDescriptors(before);
  }
  assert.deepEqual(extra, [], 'no descriptor is left open');
}

/** Waits until a condition holds; for what has no event. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `not within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function newDescriptors(before: Holdings): string[] {
  const known = [...before.descriptors];
  return openDescriptors().filter((target) => {
    const index = known.indexOf(target);
    if (index === -1) return true;
    known.splice(index, 1);
    return false;
  });
}

function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((number) => {
    try {
      return [readlinkSync(`/proc/self/fd/${number}`)];
    } catch {
      // The descriptor of this very listing.
      return [];
    }
  });
}
