/** Two versions of a value, line against line, and the choice between them. */
import type { KvShape } from '../api/shapes.ts';
import { Output } from '../parts/basic.tsx';
import { decodeBase64 } from '../parts/text.ts';

interface ConflictProps {
  readonly mine: string;
  readonly theirs: KvShape;
  readonly onTakeTheirs: () => void;
  readonly onKeepMine: () => void;
}

/** Lines of `text`, those that `other` does not have marked. */
function Side({ title, text, other }: { title: string; text: string; other: string }) {
  const known = new Set(other.split('\n'));
  return (
    <div class="side">
      <h4>{title}</h4>
      <Output label={title}>
        {text.split('\n').map((line, at) => (
          <span key={`${at}${line}`} class={known.has(line) ? '' : 'differs'}>
            {line}
            {'\n'}
          </span>
        ))}
      </Output>
    </div>
  );
}

export function Conflict({ mine, theirs, onTakeTheirs, onKeepMine }: ConflictProps) {
  const decoded = decodeBase64(theirs.Value ?? '');
  const text = decoded.kind === 'text' ? decoded.text : '(not text)';
  return (
    <section class="conflict" role="alert">
      <h3>Somebody else changed this key while you were editing.</h3>
      <div class="sides">
        <Side title="Stored now" text={text} other={mine} />
        <Side title="Yours, not saved" text={mine} other={text} />
      </div>
      <div class="button-row">
        <button type="button" onClick={onTakeTheirs}>
          Take theirs
        </button>
        <button type="button" class="danger" onClick={onKeepMine}>
          Overwrite with mine
        </button>
      </div>
    </section>
  );
}
