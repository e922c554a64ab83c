/**
 * The library of native/ for this platform: system calls that Node has not.
 *
 * There is one for Linux on x64 and arm64; elsewhere there is none, and whoever asks does without. Another platform is a
 * row in native/build.mjs and its file. What the functions mean is said by those who call them.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** From src/ and from dist/ alike. */
const FOLDER = new URL('../../native/', import.meta.url);

/** The functions of the library, or a line that says why there is none. Node loads it once for a process. */
export function loadNativeLibrary(folder: URL = FOLDER): object | string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url)(fileURLToPath(new URL(`${platform}.node`, folder))) as object;
  } catch (cause) {
    const [line = ''] = (cause as Error).message.split('\n');
    return `no library for ${platform}: ${line}`;
  }
}
