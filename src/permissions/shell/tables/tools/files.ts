// Tools that make, copy, move and remove files. What they may touch is decided by where the files are.

import type { OptionGroup, ToolTable } from '../table.ts'

const HELP: OptionGroup = { names: '--help --version', why: 'says its version, or how it is used' }
const SAYS: OptionGroup = { names: '-v --verbose', why: 'how much it says' }
const VERSION = { why: 'says its version', needs: '--help --version', options: [HELP] } as const

const touches = (
  tools: string,
  about: string,
  options: readonly OptionGroup[],
  operands: string,
  asks: ToolTable['asks'] = [],
): ToolTable => ({
  tools: tools.split(' '),
  about,
  forms: [{ why: 'changes the files it names', options: [SAYS, ...options], operands }, VERSION],
  asks,
})

const TREE = (names: string): OptionGroup => ({ names, deep: true, why: 'with everything below' })
const TARGET_ASKS: ToolTable['asks'] = [
  { what: '-t, --target-directory, -T, --no-target-directory', why: 'names its target in another place' },
  { what: '-S, --suffix, -b, --backup', why: 'writes further names' },
]

export const files = (): readonly ToolTable[] => [
  touches(
    'mkdir',
    'Makes folders.',
    [
      { names: '-p --parents', why: 'parents too' },
      { names: '-m --mode', value: 'mode', why: 'with which rights' },
    ],
    'write+',
  ),
  touches(
    'rmdir',
    'Removes empty folders.',
    [{ names: '-p --parents --ignore-fail-on-non-empty', why: 'parents too' }],
    'write+',
  ),
  touches(
    'touch',
    'Makes empty files, or changes their times.',
    [
      { names: '-a -c --no-create -f -h --no-dereference -m', why: 'what is changed' },
      { names: '-d --date -t --time', value: 'text', why: 'which time' },
      { names: '-r --reference', value: 'read', why: 'the time of another file' },
    ],
    'write+',
  ),
  touches(
    'rm',
    'Removes files.',
    [
      { names: '-f --force -i -I -d --dir --one-file-system --preserve-root', why: 'which files, and whether it asks' },
      TREE('-r -R --recursive'),
    ],
    'write+',
    [{ what: '--no-preserve-root', why: 'would remove everything' }],
  ),
  touches('unlink', 'Removes a file.', [], 'write'),
  touches(
    'cp',
    'Copies files.',
    [
      {
        names:
          '-f --force -i --interactive -n --no-clobber -p -P --no-dereference -u --update -x --one-file-system --strip-trailing-slashes',
        why: 'which files, and what of them',
      },
      { names: '--preserve --no-preserve', attached: 'process-list', why: 'what of them' },
      { names: '--reflink --sparse', attached: 'auto|always|never', why: 'how they are stored' },
      TREE('-r -R --recursive -a --archive'),
    ],
    'read+ target',
    [
      ...TARGET_ASKS,
      {
        what: '-L, --dereference, -H, -l, --link, -s, --symbolic-link, --parents',
        why: 'follows or makes links, or writes further names',
      },
    ],
  ),
  touches(
    'mv',
    'Moves files.',
    [{ names: '-f --force -i --interactive -n --no-clobber -u --update --strip-trailing-slashes', why: 'which files' }],
    'write-tree+ target-tree',
    TARGET_ASKS,
  ),
  touches(
    'ln',
    'Makes links between files of the workspace.',
    [
      {
        names: '-s --symbolic -f --force -i --interactive -n --no-dereference -r --relative -P --physical',
        why: 'what kind of link',
      },
    ],
    'write+ target',
    TARGET_ASKS,
  ),
  touches(
    'chmod',
    'Changes the rights of files.',
    [{ names: '-c --changes -f --silent --quiet', why: 'how much it says' }, TREE('-R --recursive')],
    'mode write+',
    [{ what: '--reference', why: 'takes rights from another file' }],
  ),
  touches(
    'truncate',
    'Changes the length of files.',
    [
      { names: '-c --no-create', why: 'which files' },
      { names: '-s --size', value: 'amount', why: 'which length' },
    ],
    'write+',
  ),
  touches(
    'tee',
    'Writes its input to files.',
    [{ names: '-a --append -i --ignore-interrupts -p', why: 'how it is done or shown' }],
    'write*',
  ),
  {
    tools: ['mktemp'],
    about: 'Says a name that no file has.',
    forms: [
      {
        why: 'only says a name',
        needs: '-u --dry-run',
        options: [{ names: '-u --dry-run -d --directory -q --quiet', why: 'makes nothing' }],
      },
      VERSION,
    ],
    asks: [{ what: '-p, --tmpdir, --suffix, -t', why: 'makes a file outside the workspace' }],
  },
  touches(
    'chown chgrp',
    'Changes whose files are.',
    [{ names: '-c --changes -f --silent --quiet -h --no-dereference', why: 'how much it says' }, TREE('-R --recursive')],
    'owner write+',
    [{ what: '--reference', why: 'takes rights from another file' }],
  ),
  touches('sync', 'Waits until disks have what was written.', [], ''),
  {
    tools: ['gzip', 'gunzip', 'bzip2', 'bunzip2', 'xz', 'unxz', 'zstd', 'unzstd', 'lzma', 'unlzma'],
    about: 'Packs and unpacks files in place, and prints, lists or tests packed ones.',
    forms: [
      {
        why: 'prints',
        needs: '-c --stdout --to-stdout',
        options: [
          {
            names: '-c --stdout --to-stdout -d --decompress -k --keep -q --quiet -v --verbose -# -1 -9 -f --force',
            why: 'prints, and changes no file',
          },
        ],
        operands: 'read*',
      },
      {
        // Some of these tools follow the last of `-t`, `-l` and `-d`, so `-d` does not stand beside the others.
        why: 'lists or tests',
        needs: '-l --list -t --test -V --version -h --help',
        options: [{ names: '-l --list -t --test -q --quiet -v --verbose -V --version -h --help', why: 'changes no file' }],
        operands: 'read*',
      },
      {
        why: 'packs or unpacks files in place',
        options: [
          {
            names:
              '-# -d --decompress --uncompress -z --compress -f --force -k --keep -n --no-name -q --quiet -v --verbose -1 -9 --fast --best -e --extreme',
            why: 'how they are packed',
          },
          { names: '-T --threads', value: 'number', why: 'how many at once' },
        ],
        operands: 'packed+',
      },
    ],
    asks: [
      { what: '-r, --recursive, -S, --suffix, -N, --name, --files, --files0, --filelist, -o', why: 'names files in another way' },
    ],
  },
  {
    tools: ['split', 'csplit'],
    about: 'Cuts a file in pieces, whose names its words do not say.',
    forms: [VERSION],
    asks: [{ what: '--filter', why: 'starts a program' }],
  },
  {
    tools: ['install'],
    about: 'Copies files with rights and owners.',
    forms: [VERSION],
    asks: [{ what: '--strip-program', why: 'starts a program' }],
  },
  {
    tools: ['strip', 'objcopy', 'ar'],
    about: 'Changes programs.',
    forms: [VERSION],
    asks: [{ what: '--strip-program, -o', why: 'writes files' }],
  },
]
