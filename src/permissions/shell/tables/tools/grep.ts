// grep and its kin: search text, print what is found.

import type { OptionGroup, ToolTable } from '../table.ts'

const OPTIONS: readonly OptionGroup[] = [
  {
    names:
      '-E --extended-regexp -F --fixed-strings -G --basic-regexp -P --perl-regexp -i --ignore-case -y --no-ignore-case -v --invert-match -w --word-regexp -x --line-regexp -z --null-data',
    why: 'how the pattern is read',
  },
  {
    names: `-c --count -l --files-with-matches -L --files-without-match -o --only-matching -q --quiet --silent -s --no-messages -b --byte-offset -H
      --with-filename -h --no-filename -n --line-number -T --initial-tab -Z --null -a --text -I -U --binary --line-buffered -V --version --help`,
    why: 'how hits are shown',
  },
  { names: '-A --after-context -B --before-context -C --context -m --max-count', value: 'number', why: 'how much is shown' },
  { names: '-#', why: 'lines around a hit' },
  { names: '--label', value: 'text', why: 'what the input is called' },
  { names: '--color --colour', attached: 'always|never|auto', why: 'how hits are shown' },
  { names: '--binary-files', value: 'binary|text|without-match', why: 'how files that are no text are taken' },
  { names: '-d --directories', value: 'skip|read', why: 'what is done with folders' },
  { names: '-D --devices', value: 'skip|read', why: 'what is done with devices' },
  { names: '--include --exclude --exclude-dir', value: 'name', why: 'which files' },
  { names: '-r --recursive', deep: true, why: 'reads a folder; files of protected names below it ask' },
  { names: '-e --regexp', value: 'text', first: true, why: 'the pattern' },
]

export const grep = (): ToolTable => ({
  tools: ['grep', 'egrep', 'fgrep', 'ggrep'],
  about: 'Searches text, and prints what it finds.',
  forms: [
    { why: 'prints the lines that match', needs: '-r --recursive', options: OPTIONS, operands: 'text tree*', here: 'tree' },
    { why: 'prints the lines that match', options: OPTIONS.filter((group) => group.deep !== true), operands: 'text read*' },
    { why: 'says its version', needs: '-V --version --help', options: OPTIONS },
  ],
  asks: [
    { what: '-f, --file, --exclude-from', why: 'reads a list from a file' },
    { what: '-R, --dereference-recursive', why: 'follows links out of the folder; `-r` does not' },
  ],
})

/** zgrep is a script that knows of few options which of the next words is a value. */
export const zgrep = (): ToolTable => ({
  tools: ['zgrep', 'zegrep', 'zfgrep'],
  about: 'Searches packed text, and prints what it finds.',
  style: 'separate',
  forms: [
    {
      why: 'prints the lines that match',
      options: [
        { names: '-i -v -w -x -c -l -L -n -h -H -o -E -F -G -P -q -s -b', why: 'how hits are found and shown' },
        { names: '-A -B -C -m', value: 'number', why: 'how much is shown' },
        { names: '-e', value: 'text', first: true, why: 'the pattern' },
      ],
      operands: 'text read+',
    },
  ],
  asks: [{ what: '-f, --file, -r, --recursive, --include, --exclude', why: 'reads a list from a file, or whole folders' }],
})
