// pnpm: packages by name, scripts of the project, and what only shows something.

import type { OptionGroup, ToolTable } from '../table.ts'

const INSTALL: readonly OptionGroup[] = [
  {
    names: `-D --save-dev -E --save-exact -O --save-optional -P --save-prod --save-peer --frozen-lockfile --no-frozen-lockfile --prefer-frozen-lockfile
      --lockfile-only --ignore-scripts --offline --prefer-offline --prod --dev --no-optional --force --fix-lockfile --shamefully-hoist --latest -L
      --strict-peer-dependencies --workspace-root -w --ignore-workspace-root-check`,
    why: 'how packages are recorded and fetched',
  },
]
const SHOW: readonly OptionGroup[] = [
  { names: '--json --long --parseable --prod --dev -P -D --no-optional --compatible', why: 'how it is shown' },
  { names: '--depth', value: 'number', why: 'how much is shown' },
]
const SCRIPT = { runsProject: true, dashes: 'argument*' } as const

export const pnpm = (): ToolTable => ({
  tools: ['pnpm'],
  about: 'Packages by their name from the registry, scripts that stand in the project, and what only shows something.',
  style: 'separate',
  options: [
    {
      names:
        '-s --silent -r --recursive --if-present --no-color --color --stream --parallel --no-bail --aggregate-output -w --workspace-root',
      why: 'how much it says, and in which packages of the project',
    },
    { names: '--filter -F', value: 'npm-filter', why: 'in which packages of the project' },
    { names: '--loglevel --reporter', value: 'silent|error|warn|info|debug|default|append-only|ndjson', why: 'how much it says' },
  ],
  globalOptions: [{ names: '-v --version -h --help', why: 'says its version, or how it is used' }],
  forms: [{ why: 'says its version, or how it is used' }],
  commands: {
    'install, i': { why: 'takes the packages of the project', options: INSTALL, dashes: 'none', runsProject: true },
    add: {
      why: 'takes packages by name from the registry',
      options: INSTALL,
      operands: 'npm-package+',
      dashes: 'none',
      runsProject: true,
    },
    'remove, rm, uninstall, un': {
      why: 'removes packages',
      options: INSTALL,
      operands: 'npm-package+',
      dashes: 'none',
      runsProject: true,
    },
    'update, up, upgrade, dedupe, prune, rebuild, fetch': {
      why: 'takes newer versions, or tidies',
      options: INSTALL,
      operands: 'npm-package*',
      dashes: 'none',
      runsProject: true,
    },
    'run, run-script': { ...SCRIPT, why: 'runs a script of the project', operands: 'script argument*' },
    'test, t, start': { ...SCRIPT, why: 'runs a script of the project', operands: 'argument*' },
    'list, ls, outdated': { why: 'lists packages', options: SHOW, operands: 'npm-package*' },
    why: { why: 'says why a package is installed', options: SHOW, operands: 'npm-package+' },
    'view, info': { why: 'shows what the registry says of a package', options: SHOW, operands: 'npm-package field*' },
    'audit, licenses list, licenses ls': { why: 'looks at installed packages', options: SHOW },
    'root, bin': { why: 'says where it is' },
    'store path, store status': { why: 'says where it is' },
  },
  asks: [
    { what: 'exec, dlx, create, init, env, setup, node, patch', why: 'runs any package or program' },
    {
      what: '--script-shell, --shell-emulator, --node-options, --use-node-version, -c, --shell-mode',
      why: 'names a program to run',
    },
    {
      what: '-C, --dir, --modules-dir, --global-dir, --store-dir, --config',
      why: 'moves settings or the project to another folder',
    },
    { what: '-g, --global, link', why: 'writes outside the workspace' },
    { what: '--registry', why: 'takes packages from another address' },
    { what: 'config, set, publish, login, deploy', why: 'changes settings, or what others get' },
  ],
})
