/** How long a clean end, or the second connection that stops a statement, may take. */
export const CLOSING_MS = 1500;

/** Resolves when `done` is called, or after the time limit. */
export async function within(ms: number, begin: (done: () => void) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
