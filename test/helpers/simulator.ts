import type { Test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../sim/simulator.ts';
import './leave.ts';

/** Answers with the bytes it was sent. */
export const echo: ModelContainer = {
  predict: ({ body, contentType }) => ({ status: 200, contentType: contentType ?? 'application/octet-stream', body }),
  loadBytes: () => 1024 * 1024,
};

/** Containers under the names of the demo fleet, all of them echoing. */
export const echoContainers = {
  echo,
  'rain-v1': echo,
  'rain-v2': echo,
  'rain-v3': echo,
  'rain-winter': echo,
  'rain-batch': echo,
  'flight-delay': echo,
};

/**
 * The AWS stand-in for one test: free ports, no artificial latency (so `slow` has no effect unless `latencyScale` is
 * given), echoing containers; stopped when the test ends.
 */
export async function startTestSimulator(t: Test, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ containers: echoContainers, ports: 0, latencyScale: 0, ...options });
  t.teardown(() => simulator.stop());
  return simulator;
}
