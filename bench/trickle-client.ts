/**
 * Measures round trips in a process of its own, so that nothing else which a bench does can delay the stamps.
 * Takes where and what to ask from its parent, one job at a time, and answers with the latency.
 */
import { type Pace, type Questions, trickle } from './dns-load.ts';

interface Job {
  readonly port: number;
  readonly questions: Questions;
  readonly pace: Pace;
}

async function measure({ port, questions, pace }: Job): Promise<void> {
  process.send?.(await trickle(port, questions, pace));
}

process.on('message', (job: Job) => void measure(job));
process.on('disconnect', () => process.exit());
