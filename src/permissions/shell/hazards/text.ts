// Tools that search and rewrite text; several carry a programming language, of which only the plainest form passes.

import type { Word } from '../words.ts'
import type { HazardTable } from './table.ts'

const texts = (words: readonly Word[]): string[] => words.map((word) => word.text)

/** Only `sed -n 'A,Bp' file…`. */
const sed: HazardTable = {
  tools: ['sed', 'gsed'],
  check(args) {
    const words = texts(args)
    const rest = words.filter((word) => !/^(-n|-E|-r|-u|--quiet|--silent)$/.test(word))
    const quiet = words.length > rest.length && words.some((word) => /^(-n|--quiet|--silent)$/.test(word))
    if (quiet && /^([0-9]+|\$)(,\+?([0-9]+|\$))?p$/.test(rest[0] ?? '') && !rest.slice(1).some((word) => word.startsWith('-')))
      return undefined
    return "A sed script can write files and run programs; only `sed -n 'A,Bp' FILE` passes."
  },
}

const PRINTED = '(\\$([0-9]+|NF)|NF|NR|"[^"\\\\]*")'
const AWK_PROGRAM = new RegExp(`^\\s*\\{\\s*print(\\s+${PRINTED}(\\s*,?\\s*${PRINTED})*)?\\s*;?\\s*\\}\\s*$`)

/** Only `awk [-F sep] '{print $n, …}' file…`. */
const awk: HazardTable = {
  tools: ['awk', 'gawk', 'mawk', 'nawk', 'original-awk'],
  check(args) {
    const words = texts(args)
    if (words[0] === '-F') words.splice(0, 2)
    else if (/^-F[^-]/.test(words[0] ?? '')) words.shift()
    if (AWK_PROGRAM.test(words[0] ?? '') && !words.slice(1).some((word) => word.startsWith('-') || word.includes('=')))
      return undefined
    return "An awk program can write files and run programs; only `awk '{print $1, …}' FILE` passes."
  },
}

const rg: HazardTable = {
  tools: ['rg'],
  long: ['pre', 'pre-glob', 'hostname-bin', 'search-zip'],
  short: 'z',
  valued: 'efgmABCtTjMdrE',
  prose: {
    firstBeside:
      /^(-[niwlcvFSsHNoUuxI]+|--(line-number|ignore-case|word-regexp|files-with-matches|count|fixed-strings|smart-case|hidden|no-heading|heading|json|color=\w+|type=\w+))$/,
    after: ['-e', '--regexp'],
  },
}

const grep: HazardTable = {
  tools: ['grep', 'egrep', 'fgrep', 'zgrep', 'ggrep'],
  patternsAreFine: true,
  prose: {
    firstBeside:
      /^(-[nrRiIlLcvwxoEFPqsHhaz]+|--(line-number|recursive|ignore-case|word-regexp|files-with-matches|count|fixed-strings|extended-regexp|perl-regexp|only-matching|quiet|color=\w+|include=[^/]+|exclude(-dir)?=[^/]+))$/,
    after: ['-e', '--regexp'],
  },
}

const ack: HazardTable = { tools: ['ack', 'ag'], long: ['pager', 'ackrc', 'path-to-ignore'], short: 'p' }

const jq: HazardTable = {
  tools: ['jq', 'gojq'],
  long: ['from-file', 'library-path'],
  short: 'fL',
  prose: {
    firstBeside:
      /^(-[rcnesSajCM]+|--(raw-output|compact-output|null-input|exit-status|slurp|sort-keys|ascii-output|join-output|color-output|monochrome-output|tab))$/,
  },
  check: (args) =>
    args.some(
      (word) =>
        /ENV|(^|[^.\w$]|\.\.)env\b|\b(import|include|modulemeta|input_filename|getpath|debug)\b.*\bfrom\b/.test(word.text) ||
        /^\s*(import|include)\b/.test(word.text),
    )
      ? 'It prints the environment or loads other code.'
      : undefined,
}

const yq: HazardTable = {
  tools: ['yq'],
  long: ['from-file', 'inplace', 'split-exp', 'split-exp-file'],
  short: 'is',
  check: (args) =>
    args.some((word) => /\b(env|strenv|envsubst|load\w*|system)\b/.test(word.text))
      ? 'It reads the environment or other files.'
      : undefined,
}

const man: HazardTable = {
  tools: ['man', 'info', 'apropos', 'whatis'],
  long: ['pager', 'html', 'config-file', 'gxditview', 'local-file', 'manpath', 'preprocessor', 'troff-device', 'output'],
  short: 'PHCXlMpTto',
  words: /^[^-]*\//,
}

const printf: HazardTable = { tools: ['printf', 'test'], words: /^-[vR]/ }

export const text: readonly HazardTable[] = [sed, awk, rg, grep, ack, jq, yq, man, printf]
