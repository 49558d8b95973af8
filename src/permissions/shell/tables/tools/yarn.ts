// yarn, old and new: packages by name, scripts of the project, and what only shows something.

import type { OptionGroup, ToolTable } from '../table.ts'

const INSTALL: readonly OptionGroup[] = [
  {
    names: `-D --dev -E --exact -O --optional -P --peer -T --tilde -C --caret --frozen-lockfile --immutable --ignore-scripts --production
      --offline --prefer-offline --check-files --pure-lockfile --no-lockfile --non-interactive --ignore-engines --ignore-optional --check-cache --inline-builds`,
    why: 'how packages are recorded and fetched',
  },
]
const SCRIPT = { runsProject: true, dashes: 'argument*' } as const
const SHOW: readonly OptionGroup[] = [
  { names: '--json --all -A -R --recursive --no-progress', why: 'how it is shown' },
  { names: '--depth', value: 'number', why: 'how much is shown' },
  { names: '--pattern', value: 'text', why: 'what is shown' },
]

export const yarn = (): ToolTable => ({
  tools: ['yarn', 'yarnpkg'],
  about: 'Packages by their name from the registry, scripts that are run by `yarn run`, and what only shows something.',
  style: 'separate',
  options: [{ names: '-s --silent --no-progress --non-interactive', why: 'how much it says' }],
  globalOptions: [{ names: '-v --version -h --help', why: 'says its version, or how it is used' }],
  forms: [{ why: 'takes the packages of the project, or says its version', options: INSTALL, runsProject: true }],
  commands: {
    install: { why: 'takes the packages of the project', options: INSTALL, dashes: 'none', runsProject: true },
    add: {
      why: 'takes packages by name from the registry',
      options: INSTALL,
      operands: 'npm-package+',
      dashes: 'none',
      runsProject: true,
    },
    remove: { why: 'removes packages', operands: 'npm-package+', dashes: 'none', runsProject: true },
    'upgrade, up, dedupe': {
      why: 'takes newer versions, or tidies',
      options: INSTALL,
      operands: 'npm-package*',
      dashes: 'none',
      runsProject: true,
    },
    run: { ...SCRIPT, why: 'runs a script of the project', operands: 'script argument*' },
    'test, start, build, lint': { ...SCRIPT, why: 'runs a script of the project', operands: 'argument*' },
    'list, outdated, why, info': { why: 'shows packages', options: SHOW, operands: 'npm-package* ' },
    'workspaces info, workspaces list, licenses list, cache dir, bin, versions': {
      why: 'says where or what it is',
      options: SHOW,
    },
    'npm info': { why: 'shows what the registry says of a package', options: SHOW, operands: 'npm-package+' },
    'npm audit, audit': { why: 'looks for known weaknesses', options: SHOW },
    'config get': { why: 'reads a setting', operands: 'config-name' },
  },
  asks: [
    {
      what: 'exec, dlx, create, node, init, set, import, plugin, link, patch, unplug, workspace',
      why: 'runs any package or program, or changes how yarn works',
    },
    {
      what: '--cwd, --modules-folder, --cache-folder, --use-yarnrc, --global-folder, --prefix',
      why: 'moves settings or the project to another folder',
    },
    { what: '--script-shell, --registry', why: 'names a program to run, or another source' },
    { what: 'global', why: 'writes outside the workspace' },
    { what: 'config, config set, publish, npm publish, login', why: 'changes settings, or what others get' },
  ],
})
