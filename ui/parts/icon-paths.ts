/** The lines of the page's drawings, on a field of 20 by 20. */
export const PATHS = {
  overview: 'M3 13h6V3H3zM11 17h6V8h-6zM3 17h6v-2H3zM11 6h6V3h-6z',
  services: 'M3 5h14M3 10h14M3 15h9',
  nodes: 'M4 3h12v5H4zM4 12h12v5H4zM7 5.5h.01M7 14.5h.01',
  map: 'M3 3h4v4H3zM8.5 3h4v4h-4zM14 3h3v4h-3zM3 8.5h4v4H3zM14 8.5h3v4h-3zM3 14h4v3H3zM8.5 14h4v3h-4z',
  servers:
    'M10 6a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM4.5 18a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM15.5 18a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.8 5.7 5.7 13.3M11.2 5.7l3.1 7.6M7 15.5h6',
  checks: 'M2 11h3.5L8 4l4 12 2.5-5H18',
  kv: 'M8 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM8 10h10M15 10v3M12 10v2',
  queries: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17 17',
  events: 'M11 2 4 11h5l-1 7 7-9h-5z',
  dns: 'M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM2.5 10h15M10 2c5 5 5 11 0 16M10 2c-5 5-5 11 0 16',
  agent:
    'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.5 1.5M14.2 14.2l1.5 1.5M4.3 15.7l1.5-1.5M14.2 5.8l1.5-1.5',
  menu: 'M3 5h14M3 10h14M3 15h14',
  close: 'M5 5l10 10M15 5 5 15',
  copy: 'M7 7h10v10H7zM13 7V3H3v10h4',
  plus: 'M10 4v12M4 10h12',
  sun: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
  auto: 'M10 17.5a7.5 7.5 0 1 0 0-15v15zM10 2.5a7.5 7.5 0 0 0 0 15',
  key: 'M12.5 12a4.5 4.5 0 1 0-4.3-3.2L3 14v3h3v-2h2v-2l1.2-1.2c.9.2 2 .2 3.3.2z',
  history: 'M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM10 5.5V10l3 2',
  access: 'M10 2l6 2.5v5c0 4-2.6 6.8-6 8.5-3.4-1.7-6-4.5-6-8.5v-5zM7.5 10l1.8 1.8L12.8 8',
  folder: 'M2 5h5l2 2h9v9H2z',
  file: 'M5 2h7l4 4v12H5zM12 2v4h4',
  chevron: 'M7 4l6 6-6 6',
  changed: 'M4 13.5V16h2.5L15 7.5 12.5 5z',
  passing: 'M4.5 10.5 8.5 14.5 15.5 6',
  warning: 'M10 3 2 17h16zM10 8v4M10 14.5v.01',
  critical: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  maintenance: 'M7 4v12M13 4v12',
  back: 'M12 4 6 10l6 6',
  help: 'M7 7.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1-1.5 2M10 15v.01',
} as const;

export type IconName = keyof typeof PATHS;
