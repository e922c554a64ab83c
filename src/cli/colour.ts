/**
 * Colours for people at a terminal: none where output goes elsewhere or NO_COLOR is set, always where FORCE_COLOR is (Node's rules,
 * which terminal can show what included).
 */
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';
/** The text in a style, or as it is. */
export type Paint = (style: Style, text: string) => string;

export const painterFor =
  (stream: NodeJS.WriteStream): Paint =>
  (style, text) =>
    text === '' ? text : styleText(style, text, { stream });

/** Words of states, as commands print them. */
const STATES: Readonly<Record<string, Style>> = {
  passing: 'green',
  alive: 'green',
  kept: 'green',
  warning: 'yellow',
  leaving: 'yellow',
  degraded: 'yellow',
  critical: 'red',
  failed: 'red',
  'left out': 'red',
  left: 'dim',
};

/** A word of a state in its colour; any other text as it is. */
export function paintState(paint: Paint, text: string): string {
  const style = Object.hasOwn(STATES, text) ? STATES[text] : undefined;
  return style === undefined ? text : paint(style, text);
}
