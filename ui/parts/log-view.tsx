/** Lines of the log in a box that stays at its end unless somebody scrolls up. */
import { useLayoutEffect, useRef } from 'preact/hooks';

const LEVEL_CLASS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\[(ERROR|ERR)\]/, 'is-critical'],
  [/\[WARN\]/, 'is-warning'],
  [/\[(DEBUG|TRACE)\]/, 'is-quiet'],
];

function classOf(line: string): string {
  return LEVEL_CLASS.find(([pattern]) => pattern.test(line))?.[1] ?? '';
}

export function LogView({ lines, label }: { lines: readonly string[]; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <div
      ref={box}
      class="log"
      role="log"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget }) => {
        const rest = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight;
        isAtEnd.current = rest < 24;
      }}
    >
      {lines.map((line, at) => (
        <div key={`${at}${line}`} class={classOf(line)}>
          {line}
        </div>
      ))}
    </div>
  );
}
