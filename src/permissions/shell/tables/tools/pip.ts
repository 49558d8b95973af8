// pip: packages by name from the index, and what only shows something.

import type { Form, OptionGroup, ToolTable } from '../table.ts'

const INSTALL: readonly OptionGroup[] = [
  {
    names:
      '-U --upgrade --user --no-deps --pre --no-cache-dir --force-reinstall -I --ignore-installed --dry-run --prefer-binary --no-compile --require-hashes --no-input --break-system-packages --require-virtualenv',
    why: 'how packages are taken',
  },
  { names: '--upgrade-strategy', value: 'eager|only-if-needed', why: 'how packages are taken' },
  { names: '--only-binary --no-binary', value: 'word', why: 'how packages are taken' },
  { names: '-r --requirement -c --constraint', value: 'read', why: 'the list of packages of the project' },
  { names: '-e --editable', value: 'here', why: 'the package of the folder itself' },
  { names: '--timeout --retries', value: 'number', why: 'how long' },
]
const SHOW: readonly OptionGroup[] = [
  {
    names:
      '-v --verbose -f --files -o --outdated -u --uptodate -l --local --user --not-required --all --exclude-editable --no-input --pre',
    why: 'what is shown',
  },
  { names: '--format', value: 'columns|freeze|json', why: 'how it is shown' },
]
const SAYS: OptionGroup = {
  names: '-q --quiet -v --verbose --no-color --disable-pip-version-check --no-python-version-warning',
  why: 'how much it says',
}

/** Also behind `python -m pip`. */
export const PIP_COMMANDS: Readonly<Record<string, Form>> = {
  install: {
    why: 'takes packages by name from the index, as the grant says',
    options: INSTALL,
    operands: 'pip-package*',
    dashes: 'none',
    runsProject: true,
  },
  uninstall: {
    why: 'removes packages',
    options: [{ names: '-y --yes --break-system-packages', why: 'without asking' }],
    operands: 'pip-package+',
    dashes: 'none',
  },
  'list, freeze, check': { why: 'lists packages', options: SHOW },
  show: { why: 'shows packages', options: SHOW, operands: 'pip-package+' },
  'index versions': { why: 'lists versions', options: SHOW, operands: 'pip-package' },
  'cache dir, cache info, cache list, debug, inspect, help': { why: 'says what it is', options: SHOW },
}

export const PIP_ASKS: ToolTable['asks'] = [
  { what: '-t, --target, --prefix, --root, --src, --report, --log', why: 'writes to another folder' },
  {
    what: '-i, --index-url, --extra-index-url, -f, --find-links, --trusted-host, --proxy, --cert, --client-cert',
    why: 'takes packages from another place',
  },
  {
    what: '--python, --config-settings, --config-setting, --global-option, --build-option, --install-option',
    why: 'starts programs, or changes how packages are built',
  },
  { what: 'config, download, wheel, hash, cache purge, cache remove, cache', why: 'changes settings, or writes files' },
]

export const pip = (): ToolTable => ({
  tools: ['pip', 'pip3'],
  about: 'Packages by their name from the index, and what only shows something.',
  options: [SAYS],
  globalOptions: [{ names: '-V --version -h --help', why: 'says its version' }],
  forms: [{ why: 'says its version' }],
  commands: PIP_COMMANDS,
  asks: PIP_ASKS,
})

/** What other tools for Python packages only show. */
export const pythonTools = (): readonly ToolTable[] => [
  {
    tools: ['uv'],
    about: 'Packages by name, tests and what only shows something.',
    options: [SAYS],
    globalOptions: [{ names: '-V --version -h --help', why: 'says its version' }],
    forms: [{ why: 'says its version' }],
    commands: {
      'pip list, pip freeze, pip check, python list, tree, tool list, cache dir': {
        why: 'lists what is installed',
        options: [{ names: '--outdated --frozen --locked', why: 'what it is done with' }],
      },
      'pip show': { why: 'shows packages', operands: 'pip-package+' },
      'sync, lock': {
        why: 'takes the packages of the project',
        options: [
          {
            names: '--frozen --locked --all-extras --no-dev --dev -U --upgrade --all-groups',
            why: 'which of them it is done with',
          },
          { names: '--extra --group', value: 'word', why: 'which of them it is done with' },
        ],
        dashes: 'none',
        runsProject: true,
      },
      'add, remove, pip install': {
        why: 'takes packages by name',
        options: [{ names: '--dev --frozen --optional -U --upgrade', why: 'how it is done or shown' }],
        operands: 'pip-package+',
        dashes: 'none',
        runsProject: true,
      },
    },
    asks: [
      {
        what: 'run, tool run, tool install, x, python install, --project, --directory, --config-file, --index-url, publish',
        why: 'runs programs, or uses other settings',
      },
    ],
  },
  {
    tools: ['poetry', 'pdm', 'pipenv', 'hatch', 'conda', 'mamba', 'tox', 'nox'],
    about: 'Shows what a project uses.',
    globalOptions: [{ names: '-V --version -h --help', why: 'says its version' }],
    forms: [{ why: 'says its version' }],
    commands: {
      'show, list, check, info, env list, graph': {
        why: 'lists what is used',
        options: [{ names: '--tree --outdated --all', why: 'what it is done with' }],
        operands: 'pip-package*',
      },
      'install, lock, sync': {
        why: 'takes the packages of the project',
        options: [{ names: '--no-root --sync --dev -d --no-interaction -n', why: 'which of them it is done with' }],
        dashes: 'none',
        runsProject: true,
      },
    },
    asks: [{ what: 'run, shell, exec, activate, config, self, env, publish, create', why: 'runs programs, or changes settings' }],
  },
]
