// tar: lists archives, and makes them. Unpacking asks, for an archive may hold settings of tools.

import type { OptionGroup, ToolTable } from '../table.ts'

const PACKED: OptionGroup = {
  names: '-z --gzip --gunzip --ungzip -j --bzip2 -J --xz --zstd -a --auto-compress',
  why: 'how it is packed; the programs come with the system',
}
const SAYS: OptionGroup = {
  names: '-v --verbose --totals --utc --full-time --numeric-owner -R --block-number',
  why: 'what is printed',
}
const LEAVES_OUT: OptionGroup = { names: '--exclude', value: 'text', why: 'what is left out' }
const LEAVES_OUT_KINDS: OptionGroup = {
  names: '--exclude-vcs --exclude-caches --exclude-backups --wildcards --no-wildcards --anchored --no-anchored',
  why: 'what is left out',
}

export const tar = (): ToolTable => ({
  tools: ['tar', 'gtar', 'bsdtar'],
  about: 'Lists an archive, or makes one from files of the folder.',
  style: 'bundle',
  forms: [
    {
      why: 'lists an archive',
      needs: '-t --list',
      options: [
        { names: '-t --list', why: 'only lists' },
        PACKED,
        SAYS,
        LEAVES_OUT,
        LEAVES_OUT_KINDS,
        { names: '-f --file', value: 'archive', why: 'the archive' },
        { names: '-O --to-stdout', why: 'prints what it finds' },
      ],
      operands: 'text*',
      dashes: 'none',
    },
    {
      why: 'makes an archive',
      needs: '-c --create',
      options: [
        { names: '-c --create', why: 'makes an archive' },
        PACKED,
        SAYS,
        LEAVES_OUT,
        LEAVES_OUT_KINDS,
        { names: '-f --file', value: 'new-archive', why: 'the archive' },
        { names: '-p --preserve-permissions --no-recursion --one-file-system', why: 'what is packed' },
        { names: '--sort', value: 'name|none|inode', why: 'in which order' },
        { names: '--checkpoint', attached: 'number', why: 'says how far it is' },
        { names: '--mtime', value: 'date', why: 'which time' },
      ],
      operands: 'packed-tree+',
      dashes: 'none',
    },
    { why: 'says its version', needs: '--version --help', options: [{ names: '--version --help', why: 'says its version' }] },
  ],
  asks: [
    { what: '-x, --extract, --get', why: 'writes whatever the archive holds, settings of tools among it' },
    {
      what: '-I, --use-compress-program, --checkpoint-action, --to-command, --info-script, -F, --new-volume-script, --rsh-command, --rmt-command',
      why: 'starts a program',
    },
    { what: '-C, --directory, -P, --absolute-names', why: 'leaves the folder' },
    { what: '-T, --files-from, -X, --exclude-from', why: 'reads a list from a file' },
    { what: '-g, --listed-incremental, --index-file, --volno-file', why: 'writes another file' },
    { what: '--transform, --xform, -s', why: 'changes names' },
    { what: '-r, --append, -u, --update, --delete, -A, --remove-files', why: 'changes an archive, or removes files' },
    { what: '-h, --dereference', why: 'follows links out of the folder' },
  ],
})
