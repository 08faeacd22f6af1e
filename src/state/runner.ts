/** Runs `work` one at a time; asked again meanwhile, once more afterwards. */
export function runner(work: () => Promise<void>): { start(): void; idle(): Promise<void> } {
  let running: Promise<void> | undefined;
  let again = false;
  const loop = async () => {
    do {
      again = false;
      await work();
    } while (again);
    running = undefined;
  };
  return {
    start: () => {
      if (running === undefined) running = loop();
      else again = true;
    },
    idle: async () => {
      await running;
    },
  };
}
