// Tools that say something about the machine, its processes and its folders.

import type { OptionGroup, ToolTable } from '../table.ts'

const HELP: OptionGroup = { names: '--help --version', why: 'says its version, or how it is used' }

const says = (
  tools: string,
  about: string,
  options: readonly OptionGroup[],
  operands = '',
  asks: ToolTable['asks'] = [],
): ToolTable => ({
  tools: tools.split(' '),
  about,
  forms: [{ why: 'says what is', options: [HELP, ...options], operands }],
  asks,
})

const shown = (names: string): OptionGroup => ({ names, why: 'how it is printed' })
const text = (names: string): OptionGroup => ({ names, value: 'text', why: 'how it is printed' })

export const systems = (): readonly ToolTable[] => [
  says(
    'ls dir vdir',
    'Lists folders.',
    [
      shown(`-a --all -A --almost-all --author -b --escape -B --ignore-backups -c -C -d --directory -f -F -g -G --no-group -h --human-readable --si -H
      --dereference-command-line -i --inode -k --kibibytes -l -L --dereference -m -n --numeric-uid-gid -N --literal -o -p -q --hide-control-chars
      --show-control-chars -Q --quote-name -r --reverse -R --recursive -s --size -S -t -u -U -v -x -X -Z --context -1 --full-time --zero
      --group-directories-first --dired -D`),
      { names: '--color --classify --hyperlink', attached: 'always|never|auto', why: 'how it is printed' },
      { names: '--sort --time --format --indicator-style --quoting-style', value: 'word', why: 'how it is printed' },
      { names: '--block-size -w --width -T --tabsize', value: 'amount', why: 'how it is printed' },
      { names: '--time-style', value: 'text', why: 'how it is printed' },
      { names: '-I --ignore --hide', value: 'text', why: 'what is listed' },
    ],
    'read*',
  ),
  says(
    'tree',
    'Lists folders and what is in them.',
    [
      shown(
        '-a -d -f -i -q -N -Q -p -u -g -s -h --si -D -F -v -t -c -U -r --dirsfirst --filesfirst -x -n -C -A -S -J -X --noreport --prune --gitignore --du --inodes --device --matchdirs --ignore-case',
      ),
      { names: '-L --filelimit', value: 'number', why: 'how deep' },
      { names: '-P -I --timefmt --charset --sort', value: 'text', why: 'what is listed' },
    ],
    'read*',
    [
      { what: '-o, -R, -H, --fromfile, --gitfile', why: 'writes a file, or reads a list from one' },
      { what: '-l', why: 'follows links out of the folder' },
    ],
  ),
  says(
    'du',
    'Says how large folders are.',
    [
      shown(
        '-0 --null -a --all --apparent-size -b --bytes -c --total -D --dereference-args -h --human-readable --si --inodes -k -l --count-links -m -P -S --separate-dirs -s --summarize -x --one-file-system -H',
      ),
      { names: '-d --max-depth -t --threshold -B --block-size', value: 'amount', why: 'how much is printed' },
      { names: '--time', attached: 'atime|access|use|ctime|status', why: 'how it is printed' },
      text('--exclude --time-style'),
    ],
    'read*',
    [
      { what: '--files0-from, -X, --exclude-from', why: 'reads a list from a file' },
      { what: '-L, --dereference', why: 'follows links out of the folder' },
    ],
  ),
  says(
    'df',
    'Says how full disks are.',
    [
      shown(
        '-a --all -h --human-readable -H --si -i --inodes -k -l --local -P --portability -T --print-type --total --no-sync --sync',
      ),
      { names: '-B --block-size -t --type -x --exclude-type', value: 'word', why: 'what is printed' },
      { names: '--output', attached: 'word', why: 'which columns are printed' },
    ],
    'read*',
  ),
  says(
    'ps',
    'Lists processes.',
    [
      shown('-A -a -d -e -f -F -l -j -L -T -w -H -M --forest --headers --no-headers -y -c -m -N --deselect'),
      {
        names: '-o --format --sort -u -U --user --User -C -p --pid --ppid -q -t --tty -g -G --group',
        value: 'process-list',
        why: 'which are listed, and how',
      },
    ],
    'ps-letters?',
    [{ what: 'e, E', why: 'shows the environment of other processes' }],
  ),
  says(
    'pgrep pidof',
    'Finds processes.',
    [
      shown(
        '-f --full -l --list-name -a --list-full -n --newest -o --oldest -v --inverse -w -x --exact -c --count -i --ignore-case -s -q',
      ),
      {
        names: '-u --euid -U --uid -P --parent -g --pgroup -t --terminal -d --delimiter -S',
        value: 'process-list',
        why: 'which of them it is done with',
      },
    ],
    'text*',
    [{ what: '-F, --pidfile', why: 'reads a file' }],
  ),
  says(
    'uname arch nproc uptime whoami id groups users logname tty',
    'Says where and who it is.',
    [
      shown(
        '-a --all -s --kernel-name -n --nodename -r --kernel-release -v --kernel-version -m --machine -p --pretty --processor -i --hardware-platform -o --operating-system --since -u --user -g --group -G --groups --name --real -z --zero --ignore',
      ),
    ],
    'word?',
  ),
  says('who w', 'Says who is logged in.', [
    shown('-a --all -b --boot -H --heading -q --count -u -s --short -h --no-header -m -r'),
  ]),
  says(
    'hostname',
    'Says what the machine is called.',
    [shown('-a --alias -d --domain -f --fqdn --long -i --ip-address -I --all-ip-addresses -s --short')],
    '',
    [{ what: '-F, --file, -b', why: 'sets the name' }],
  ),
  says(
    'free vmstat lscpu lsblk lsusb lspci lsmem',
    'Says what the machine has.',
    [
      shown(
        '-h --human -b --bytes -k -m -g --mega --giga -t --total -w --wide -a --all -f --fs -l --list -p --paths -J --json -e --extended -d --nodeps -v -n -i -S --si',
      ),
      { names: '-o --output', value: 'process-list', why: 'which columns are printed' },
    ],
    'number? number?',
  ),
  says('which', 'Says where a command is.', [shown('-a --all -s -t -p -P')], 'text+'),
  says(
    'date',
    'Prints the date.',
    [
      shown('-u --utc --universal -R --rfc-email --rfc-2822'),
      { names: '-I --iso-8601', attached: 'date|hours|minutes|seconds|ns', why: 'how it is printed' },
      { names: '--rfc-3339', value: 'date|seconds|ns', why: 'how it is printed' },
      { names: '-d --date', value: 'text', why: 'which date' },
    ],
    'date-format?',
    [
      { what: '-s, --set', why: 'sets the clock' },
      { what: '-f, --file, -r, --reference', why: 'reads a file' },
    ],
  ),
  says(
    'ping',
    'Asks whether a host answers.',
    [shown('-4 -6 -n -q -D -a -O'), { names: '-c -W -w -s -t -i', value: 'number', why: 'how often' }],
    'host',
    [{ what: '-f, -I, -p, -Q', why: 'floods, or uses other ways' }],
  ),
  says(
    'host nslookup dig',
    'Looks up a name.',
    [shown('-a -4 -6 -v -s -d -C -N'), { names: '-t -x -W -R -p', value: 'host', why: 'what is looked up' }],
    'dns-word*',
    [{ what: '-f, -k, -c, -m', why: 'reads a list from a file' }],
  ),
  says(
    'journalctl',
    'Prints the system log.',
    [
      shown(
        '-a --all -e --pager-end -k --dmesg -q --quiet -r --reverse -x --catalog --no-pager --no-hostname --no-full --utc --user --system --list-boots -l --full --disk-usage',
      ),
      { names: '-u --unit --user-unit -t --identifier', value: 'unit', why: 'of what' },
      { names: '-n --lines', value: 'number', why: 'how much' },
      {
        names: '-p --priority -o --output -g --grep -S --since -U --until --output-fields',
        value: 'text',
        why: 'which lines, and how',
      },
      { names: '-b --boot', attached: 'amount', why: 'since which start' },
    ],
    'text*',
    [
      { what: '-f, --follow', why: 'never ends' },
      { what: '--file, -D, --directory, --root, -M, --machine, --image', why: 'reads another log' },
      { what: '--rotate, --vacuum-size, --vacuum-time, --vacuum-files, --flush, --sync, --setup-keys', why: 'changes the log' },
    ],
  ),
  {
    tools: ['systemctl'],
    about: 'Says how services are; starts and stops none.',
    options: [
      shown('-a --all -q --quiet --no-pager --user --system -l --full --plain --failed --no-legend --value -r --recursive'),
      { names: '-t --type --state -o --output -p --property', value: 'process-list', why: 'which, and how' },
      { names: '-n --lines', value: 'number', why: 'how much' },
    ],
    forms: [{ why: 'lists services', options: [HELP] }],
    commands: {
      'status, show, is-active, is-enabled, is-failed, list-dependencies': { why: 'says how a service is', operands: 'unit*' },
      'list-units, list-unit-files, list-timers, list-sockets, list-jobs, get-default, is-system-running': {
        why: 'lists services',
        operands: 'unit*',
      },
    },
    asks: [
      {
        what: 'start, stop, restart, reload, enable, disable, mask, unmask, kill, edit, daemon-reload, set-property, set-environment, isolate, link, reboot, poweroff',
        why: 'changes what runs',
      },
      { what: 'cat, show-environment', why: 'shows settings that may hold secrets' },
      { what: '-H, --host, -M, --machine, --root', why: 'reaches another machine' },
    ],
  },
]
