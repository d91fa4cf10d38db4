/**
 * Clocks that contestants are timed by, in milliseconds: what passed, or what the threads of this process
 * computed, for machines that others use as well.
 */
export const clocks = {
  wall: () => performance.now(),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
