/**
 * The log as the configuration wants it, with the remarks that reading the configuration left.
 */
import { systemClock } from '../../lib/clock.ts';
import type { Remark } from '../config/config-remarks.ts';
import type { Config } from '../config/options.ts';
import { AgentLog } from './agent-log.ts';
import { LogFile, type LogFileSettings } from './log-file.ts';

/** Open standard output and the log file. Throws AppError config_invalid when the file cannot be opened. */
export function openLog(config: Config, remarks: readonly Remark[]): AgentLog {
  const agentLog = new AgentLog({ level: config.log_level, isJson: config.log_json }, systemClock);
  if (config.log_file !== '') logToFile(agentLog, config);
  logRemarks(agentLog, remarks);
  process.once('exit', () => agentLog.writeLast());
  return agentLog;
}

/** Say them, each on a line of its own. */
export function logRemarks(agentLog: Pick<AgentLog, 'log'>, remarks: readonly Remark[]): void {
  const log = agentLog.log.child({ part: 'config' });
  for (const { level, text } of remarks) log[level]({}, text);
}

function logToFile(agentLog: AgentLog, config: Config): void {
  const settings: LogFileSettings = {
    path: config.log_file,
    rotateBytes: config.log_rotate_bytes,
    rotateMs: config.log_rotate_duration,
    maxFiles: config.log_rotate_max_files,
  };
  agentLog.addFile(new LogFile(settings, systemClock), config.log_level);
}
