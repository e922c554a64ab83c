/** The few drawings of the page, as inline SVG in the colour of the text around them. Decoration: hidden from readers. */
import { type IconName, PATHS } from './icon-paths.ts';

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={`${size / 15}rem`}
      height={`${size / 15}rem`}
      viewBox="0 0 20 20"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
