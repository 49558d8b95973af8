// Tools that find, pack, copy and sort files.

import type { HazardTable } from './table.ts'

const find: HazardTable = {
  tools: ['find', 'gfind'],
  words: /^-(exec(?!utable$)|ok|delete|fls|fprint|files0-from)/,
  noDoubleDash: true,
}

const fd: HazardTable = {
  tools: ['fd', 'fdfind'],
  long: ['exec', 'exec-batch', 'list-details', 'base-directory', 'search-path'],
  short: 'xXlC',
  valued: 'edtESocj',
}

const tar: HazardTable = {
  tools: ['tar', 'gtar', 'bsdtar'],
  long: [
    'absolute-names',
    'checkpoint-action',
    'directory',
    'files-from',
    'index-file',
    'info-script',
    'listed-incremental',
    'new-volume-script',
    'one-top-level',
    'absolute-paths',
    'rmt-command',
    'rsh-command',
    'to-command',
    'transform',
    'use-compress-program',
    'volno-file',
    'xform',
  ],
  known: ['list', 'file', 'checkpoint'],
  short: 'IFPCTsg',
  valued: 'fbX',
  check(args) {
    const first = args[0]?.text ?? ''
    if (!first.startsWith('-') && /[IFPCTsg]/.test(first))
      return `\`${first}\` holds a letter that starts a program or leaves the folder.`
    return args.some((word) => /^(-[A-Za-z]*f|--file=)?[^/.\s=-][^/=]*:/.test(word.text))
      ? 'An archive written `host:file` is fetched by another program.'
      : undefined
  },
}

const sort: HazardTable = {
  tools: ['sort', 'gsort'],
  long: ['output', 'compress-program', 'temporary-directory', 'files0-from'],
  short: 'oT',
  valued: 'kt',
}

const rsync: HazardTable = {
  tools: ['rsync'],
  long: [
    'rsh',
    'rsync-path',
    'remote-option',
    'daemon',
    'config',
    'temp-dir',
    'log-file',
    'write-batch',
    'only-write-batch',
    'dparam',
  ],
  short: 'eMT',
  check: (args) =>
    args.some((word) => /^rsync:|^[^/-][^/]*:/.test(word.text))
      ? 'A remote side `host:path` is reached by another program.'
      : undefined,
}

const zip: HazardTable = {
  tools: ['zip'],
  long: ['unzip-command', 'temp-path', 'output-file', 'logfile-path', 'out', 'junk-sfx'],
  words: /^-([A-Za-z]*TT|b)/,
}

const unzip: HazardTable = { tools: ['unzip'], short: 'd:', valued: 'x' }

const scp: HazardTable = {
  tools: ['scp', 'sftp'],
  short: 'SoFJDbi',
  check: () => '`scp` and `sftp` start `ssh`, whose settings start programs.',
}

const wcLike: HazardTable = { tools: ['wc', 'du'], long: ['files0-from'] }

const tail: HazardTable = { tools: ['tail'], long: ['follow', 'retry'], short: 'fF', valued: 'ncs' }

const date: HazardTable = { tools: ['date'], long: ['set', 'file'], short: 'sf', valued: 'dI' }

const writesToo: HazardTable = {
  tools: ['tree', 'shuf'],
  long: ['output', 'random-source', 'fromfile'],
  short: 'o',
  valued: 'nLPI',
}

const split: HazardTable = { tools: ['split', 'csplit'], long: ['filter'] }

const install: HazardTable = { tools: ['install', 'strip'], long: ['strip-program'], short: 'o' }

export const files: readonly HazardTable[] = [
  find,
  fd,
  tar,
  sort,
  rsync,
  zip,
  unzip,
  scp,
  wcLike,
  tail,
  date,
  writesToo,
  split,
  install,
]
