// Small tools that read files and print: none of them writes, runs or loads anything by the options listed here.

import type { Form, OptionGroup, ToolTable } from '../table.ts'

const HELP: OptionGroup = { names: '--help --version', why: 'says its version, or how it is used' }

/** A tool of one form; what it leaves out is said only where it matters. */
const prints = (
  tools: string,
  about: string,
  options: readonly OptionGroup[],
  operands = 'read*',
  asks: ToolTable['asks'] = [],
): ToolTable => {
  const form: Form = { why: 'prints', options: [HELP, ...options], operands }
  return { tools: tools.split(' '), about, forms: [form], asks }
}

const shown = (names: string): OptionGroup => ({ names, why: 'how it is printed' })
const number = (names: string): OptionGroup => ({ names, value: 'amount', why: 'how much is printed' })
const text = (names: string): OptionGroup => ({ names, value: 'text', why: 'how lines are read and printed' })

const LISTS: ToolTable['asks'] = [{ what: '-c, --check', why: 'reads a list of files from a file' }]

export const texts = (): readonly ToolTable[] => [
  prints('cat', 'Prints files.', [
    shown(
      '-A --show-all -b --number-nonblank -e -E --show-ends -n --number -s --squeeze-blank -t -T --show-tabs -u -v --show-nonprinting',
    ),
  ]),
  prints('tac', 'Prints files, last line first.', [shown('-b --before -r --regex'), text('-s --separator')]),
  prints('nl', 'Prints files with numbers.', [
    shown('-p --no-renumber'),
    text(
      '-b --body-numbering -d --section-delimiter -f --footer-numbering -h --header-numbering -n --number-format -s --number-separator',
    ),
    number('-i --line-increment -l --join-blank-lines -v --starting-line-number -w --number-width'),
  ]),
  prints('rev', 'Prints lines backwards.', []),
  prints(
    'strings',
    'Prints the text in files.',
    [shown('-a --all -f --print-file-name'), number('-n --bytes'), { names: '-#', why: 'how much is printed' }],
    'read*',
    [{ what: '-T, --target, -d, --data', why: 'loads a reader of other formats' }],
  ),
  prints('head', 'Prints the start of files.', [
    shown('-q --quiet --silent -v --verbose -z --zero-terminated'),
    number('-n --lines -c --bytes'),
    { names: '-#', why: 'how much is printed' },
  ]),
  prints(
    'tail',
    'Prints the end of files.',
    [
      shown('-q --quiet --silent -v --verbose -z --zero-terminated'),
      number('-n --lines -c --bytes'),
      { names: '-#', why: 'how much is printed' },
    ],
    'read*',
    [{ what: '-f, -F, --follow, --retry, --pid', why: 'never ends' }],
  ),
  prints(
    'wc',
    'Counts lines, words and bytes.',
    [
      shown('-c --bytes -m --chars -l --lines -L --max-line-length -w --words'),
      { names: '--total', value: 'auto|always|only|never', why: 'what is counted' },
    ],
    'read*',
    [{ what: '--files0-from', why: 'reads a list of files from a file' }],
  ),
  prints('cut', 'Prints parts of lines.', [
    shown('-n -s --only-delimited --complement -z --zero-terminated'),
    text('-b --bytes -c --characters -d --delimiter -f --fields --output-delimiter'),
  ]),
  prints(
    'tr',
    'Replaces characters.',
    [shown('-c -C --complement -d --delete -s --squeeze-repeats -t --truncate-set1')],
    'text text?',
  ),
  prints('paste', 'Joins lines of files.', [shown('-s --serial -z --zero-terminated'), text('-d --delimiters')]),
  prints(
    'join',
    'Joins lines of two files.',
    [shown('-i --ignore-case --check-order --nocheck-order --header -z --zero-terminated'), text('-a -e -j -o -t -v -1 -2')],
    'read read',
  ),
  prints(
    'comm',
    'Compares lines of two files.',
    [shown('-1 -2 -3 --check-order --nocheck-order --total -z --zero-terminated'), text('--output-delimiter')],
    'read read',
  ),
  prints('fold', 'Breaks lines.', [shown('-b --bytes -s --spaces'), number('-w --width')]),
  prints('fmt', 'Breaks lines.', [
    shown('-c --crown-margin -s --split-only -t --tagged-paragraph -u --uniform-spacing'),
    number('-w --width -g --goal'),
    text('-p --prefix'),
    { names: '-#', why: 'how wide lines are' },
  ]),
  prints('expand unexpand', 'Replaces tabs or blanks.', [shown('-i --initial -a --all --first-only'), text('-t --tabs')]),
  prints('column', 'Aligns lines.', [
    shown('-t --table -x --fillrows -J --json -L --keep-empty-lines'),
    text('-s --separator -o --output-separator -N --table-columns'),
    number('-c --output-width'),
  ]),
  prints('base64 base32', 'Encodes or decodes a file.', [shown('-d --decode -i --ignore-garbage'), number('-w --wrap')], 'read?'),
  prints(
    'md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum',
    'Prints check sums of files.',
    [
      shown('-b --binary -t --text --tag -z --zero'),
      { names: '-a --algorithm', value: 'word', why: 'which sum' },
      number('-l --length'),
    ],
    'read*',
    LISTS,
  ),
  prints('shasum', 'Prints check sums of files.', [shown('-b --binary -t --text'), number('-a --algorithm')], 'read*', LISTS),
  prints(
    'od',
    'Prints the bytes of a file.',
    [
      shown('-a -b -c -d -f -i -l -o -s -x -v --output-duplicates'),
      number('-N --read-bytes -j --skip-bytes'),
      { names: '-A --address-radix -t --format', value: 'word', why: 'how it is printed' },
    ],
    'read?',
  ),
  prints(
    'hexdump hd',
    'Prints the bytes of a file.',
    [shown('-b -c -C -d -o -x -v --canonical'), number('-n --length -s --skip'), text('-e --format')],
    'read?',
    [{ what: '-f, --format-file', why: 'reads a format from a file' }],
  ),
  prints(
    'xxd',
    'Prints the bytes of a file.',
    [shown('-b -u -e -i -E'), { names: '-p', why: 'how it is printed' }, number('-l -s -g -c')],
    'read?',
    [{ what: '-r', why: 'writes bytes back' }],
  ),
  prints(
    'diff',
    'Compares files or folders.',
    [
      shown(`-q --brief -s --report-identical-files -c -u -e --ed -n --rcs -y --side-by-side --left-column --suppress-common-lines -p --show-c-function
      -t --expand-tabs -T --initial-tab --suppress-blank-empty -a --text -i --ignore-case -E --ignore-tab-expansion -Z --ignore-trailing-space -b
      --ignore-space-change -w --ignore-all-space -B --ignore-blank-lines -d --minimal --speed-large-files --strip-trailing-cr -N --new-file
      --no-ignore-file-name-case --normal -P --unidirectional-new-file --no-dereference`),
      { names: '-r --recursive', deep: true, why: 'compares folders' },
      { names: '-U -C', value: 'number', why: 'lines around a difference' },
      { names: '--unified --context', attached: 'number', why: 'lines around a difference' },
      { names: '--color', attached: 'never|always|auto', why: 'how it is printed' },
      number('-W --width --tabsize --horizon-lines'),
      {
        names: '-x --exclude -I --ignore-matching-lines --label -L -F --show-function-line',
        value: 'text',
        why: 'what is compared',
      },
    ],
    'read read',
    [
      { what: '--to-file, --from-file, -X, --exclude-from', why: 'reads a list from a file' },
      { what: '-l, --paginate', why: 'starts `pr`' },
    ],
  ),
  prints(
    'cmp',
    'Compares files.',
    [shown('-b --print-bytes -l --verbose -s --quiet --silent'), number('-n --bytes -i --ignore-initial')],
    'read read amount* ',
  ),
  prints(
    'stat',
    'Says what is known of files; opens none.',
    [shown('-L --dereference -f --file-system -t --terse -x -l -s'), text('-c --format --printf')],
    'read+',
  ),
  prints(
    'file',
    'Says what kind files are.',
    [
      shown(
        '-b --brief -i --mime --mime-type --mime-encoding --extension -k --keep-going -L --dereference -h --no-dereference -N --no-pad -n --no-buffer -r --raw -v -0 --print0',
      ),
      { names: '-F --separator', value: 'text', why: 'how it is printed' },
    ],
    'read+',
    [
      { what: '-f, --files-from, -m, --magic-file, -C, --compile, -M', why: 'reads a list or rules from a file, or writes one' },
      { what: '-z, --uncompress, -Z', why: 'starts programs that unpack' },
    ],
  ),
  prints(
    'readlink realpath',
    'Says where a name leads.',
    [
      shown(
        '-f --canonicalize -e --canonicalize-existing -m --canonicalize-missing -n --no-newline -q --quiet -s --silent --strip --no-symlinks -v --verbose -z --zero -L -P --logical --physical',
      ),
      { names: '--relative-to --relative-base', value: 'read', why: 'how it is printed' },
    ],
    'read+',
  ),
  prints('basename dirname', 'Prints a part of a path.', [shown('-a --multiple -z --zero'), text('-s --suffix')], 'text+'),
  prints('seq', 'Prints numbers.', [shown('-w --equal-width'), text('-f --format -s --separator')], 'amount amount? amount?'),
  prints('sleep', 'Waits.', [], 'duration+'),
  prints(
    'numfmt factor expr',
    'Reckons.',
    [shown('--header'), text('--from --to --suffix --format --field --delimiter --padding --round')],
    'text*',
  ),
  prints('bc', 'Reckons.', [shown('-l --mathlib -q --quiet -s --standard -w --warn')], 'read*'),
  prints('tsort', 'Prints lines in order.', [], 'read?'),
  prints(
    'shuf',
    'Prints lines in any order.',
    [shown('-e --echo -r --repeat -z --zero-terminated'), number('-n --head-count'), text('-i --input-range')],
    'read*',
    [{ what: '-o, --output, --random-source', why: 'writes a file, or reads another' }],
  ),
  prints('zcat bzcat xzcat zstdcat lzcat', 'Prints packed files.', [shown('-f --force -q --quiet -v')], 'read+'),
  prints(
    'cal',
    'Prints a calendar.',
    [shown('-1 -3 -s -m -j -y -Y --monday --sunday --julian --year --three --one'), number('-n --months')],
    'word*',
  ),
]

/** uniq writes its second operand. */
export const uniq = (): ToolTable => ({
  tools: ['uniq'],
  about: 'Leaves out lines that repeat.',
  forms: [
    {
      why: 'prints',
      options: [
        HELP,
        shown('-c --count -d --repeated -D -u --unique -i --ignore-case -z --zero-terminated'),
        { names: '--all-repeated --group', attached: 'none|prepend|separate|append|both', why: 'how it is printed' },
        number('-f --skip-fields -s --skip-chars -w --check-chars'),
      ],
      operands: 'read?',
    },
  ],
  asks: [],
})
