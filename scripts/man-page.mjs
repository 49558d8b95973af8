// The verbs → man/claw.1. `node scripts/man-page.mjs` writes it; a test holds it to the verbs.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Backslashes, hyphens and lines that begin with a dot mean something to troff. */
const escaped = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^([.'])/gm, '\\&$1')

export function manPage(verbs, exitCodes, version) {
  const lines = [
    `.TH CLAW 1 "" "claw ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    'claw \\- bots as configuration',
    '.SH SYNOPSIS',
    '.B claw',
    '.RI [ verb ] \\ [ options ]',
    '.SH DESCRIPTION',
    'One file, openclaw.yaml, declares agents, their tools, permissions, routing and channels. claw reads it, checks it, runs it, and rebuilds what changed when it is saved.',
    '.SH OPTIONS OF EVERY VERB',
    ...option('-c, --config <file>', 'The root file; default: openclaw.yaml.'),
    ...option('--format <format>', 'human (the default) or json; some verbs have more.'),
    ...option('--help', 'What a verb does and takes.'),
    '.SH VERBS',
  ]
  for (const { name, args, summary, options = [], formats } of verbs) {
    lines.push(`.SS ${escaped(`claw ${name}${args === undefined ? '' : ` ${args}`}`)}`, `${escaped(sentence(summary))}`)
    for (const [flags, description, choices] of options)
      lines.push(...option(flags, sentence(choices === undefined ? description : `${description}: ${choices.join(', ')}`)))
    if (formats !== undefined) lines.push(...option('--format <format>', `Also ${formats.join(', ')}.`))
  }
  lines.push('.SH EXIT STATUS')
  for (const [code, meaning] of exitCodes) lines.push('.TP', String(code), escaped(meaning))
  lines.push(
    '.SH FILES',
    '.TP',
    'openclaw.yaml',
    'The configuration.',
    '.TP',
    escaped('.openclaw/'),
    'The state folder, beside it.',
  )
  return `${lines.join('\n')}\n`
}

const option = (flags, description) => ['.TP', `.B ${escaped(flags)}`, escaped(description)]
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

export const EXIT_CODES = [
  [0, 'It worked.'],
  [1, 'The configuration is invalid, a check failed, or no engine was reached.'],
  [2, 'There are differences (plan --exit-code).'],
  [3, 'There are warnings (validate --strict).'],
  [64, 'The command line is wrong.'],
  [66, 'A file or a thing that was named does not exist.'],
  [70, 'A bug of claw.'],
  [75, 'The disk is full, or something else that passes: try again.'],
  [78, 'It was refused: the state folder is in use or cannot be used.'],
]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { VERBS } = await import('../dist/src/cli/verbs.js')
  const { packageVersion } = await import('../dist/src/resources.js')
  mkdirSync(new URL('../man', import.meta.url), { recursive: true })
  writeFileSync(new URL('../man/claw.1', import.meta.url), manPage(VERBS, EXIT_CODES, packageVersion()))
}
