// zip and unzip: make, list, test and print archives. Unpacking asks.

import type { ToolTable } from '../table.ts'

export const zip = (): ToolTable => ({
  tools: ['zip'],
  about: 'Makes a zip archive from files of the folder.',
  forms: [
    {
      why: 'makes an archive',
      options: [
        { names: '-r --recurse-paths', deep: true, why: 'folders with everything below' },
        {
          names: '-q --quiet -v --verbose -j --junk-paths -D --no-dir-entries -X --no-extra -u --update -# -1 -9',
          why: 'how files are packed',
        },
      ],
      operands: 'write packed-tree+',
      dashes: 'none',
    },
    {
      why: 'says its version',
      needs: '-v --version -h --help',
      options: [{ names: '-v --version -h --help', why: 'says its version' }],
    },
  ],
  asks: [
    { what: '-T, --test, -TT, --unzip-command', why: 'starts a program' },
    { what: '-m, --move, -d, --delete', why: 'removes files' },
    { what: '-@, --names-stdin, -i, --include, -x, --exclude', why: 'reads lists of names' },
    { what: '-b, --temp-path, -O, --output-file, -lf, --logfile-path, --out', why: 'writes another file' },
    { what: '-P, --password, -e, --encrypt', why: 'shows a password, or asks for one' },
  ],
})

export const unzip = (): ToolTable => ({
  tools: ['unzip', 'zipinfo'],
  about: 'Lists, tests and prints zip archives.',
  forms: [
    {
      why: 'lists, tests or prints',
      needs: '-l -t -p -c -Z -v -z',
      options: [{ names: '-l -t -p -c -v -z -q -1 -2 -Z', why: 'writes no file' }],
      operands: 'read text*',
      dashes: 'none',
    },
    {
      why: 'says its version',
      needs: '-v -h --version --help',
      options: [{ names: '-v -h --version --help', why: 'says its version' }],
    },
  ],
  asks: [{ what: '-d, -o, -n, -x, -f, -u, -j, -P', why: 'writes whatever the archive holds, settings of tools among it' }],
})
