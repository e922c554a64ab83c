import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../../src/agent/config/options.ts';
import { firstAutopilot } from '../../../src/agent/first-autopilot.ts';
import { autopilotSettings } from '../../../src/catalog/autopilot-settings.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startLocal } from '../../support/local-agent.ts';

const CONFIG = {
  ...defaultConfig(false),
  'autopilot.cleanup_dead_servers': false,
  'autopilot.last_contact_threshold': 1_500,
};

async function lead(config = CONFIG) {
  const { state, writer } = await startLocal();
  const log = silentLogger;
  const work = firstAutopilot({ config, submit: (command) => writer.submit(command), log });
  const settings = () => state.view.settings.get('autopilot');
  /** Begin a term, and let what it writes be written. */
  const begin = async (): Promise<void> => {
    work.begin();
    await writer.submit({ kind: 'setting', name: 'other', value: '{}' });
    work.end();
  };
  return { writer, settings, begin };
}

describe('a new leader writes the settings of the autopilot', () => {
  test('that are configured, where there are none', async () => {
    const { settings, begin } = await lead();
    await begin();
    expect(autopilotSettings(settings())).toMatchObject({
      CleanupDeadServers: false,
      LastContactThreshold: '1.5s',
      MaxTrailingLogs: 250,
      ServerStabilizationTime: '10s',
    });
  });

  test('but never over those that somebody wrote', async () => {
    const { writer, settings, begin } = await lead();
    await writer.submit({ kind: 'setting', name: 'autopilot', value: '{"MinQuorum":3}' });
    await begin();
    expect(settings()?.value).toBe('{"MinQuorum":3}');
  });

  test('and not those that hold anyway', async () => {
    const { settings, begin } = await lead(defaultConfig(false));
    await begin();
    expect(settings()).toBeUndefined();
  });
});
