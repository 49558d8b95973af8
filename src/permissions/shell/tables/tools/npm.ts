// npm: packages by name from the registry, scripts of the project, and what only shows something.

import type { Form, OptionGroup, ToolTable } from '../table.ts'

const INSTALL: readonly OptionGroup[] = [
  {
    names: `-D --save-dev -E --save-exact -O --save-optional -P --save-prod -S --save --no-save --save-peer --save-bundle
      --legacy-peer-deps --strict-peer-deps --force -f --package-lock-only --no-package-lock --ignore-scripts --no-audit --no-fund
      --no-optional --production --prefer-offline --prefer-online --offline --dry-run --no-bin-links --audit --fund`,
    why: 'how packages are recorded and fetched',
  },
  { names: '--omit --include', value: 'dev|optional|peer|prod', why: 'which packages' },
  { names: '--tag', value: 'word', why: 'which version' },
  { names: '--install-strategy', value: 'hoisted|nested|shallow|linked', why: 'how folders are laid out' },
  { names: '--audit-level', value: 'info|low|moderate|high|critical|none', why: 'what counts as a problem' },
]

const SHOW: readonly OptionGroup[] = [
  {
    names: '--json --long -l --parseable -p --all -a --production --dev --no-unicode --prefer-online --omit=dev',
    why: 'how it is shown',
  },
  { names: '--depth', value: 'number', why: 'how much is shown' },
  { names: '--omit --include', value: 'dev|optional|peer|prod', why: 'which packages' },
]

const SCRIPT = { runsProject: true, dashes: 'argument*' } as const
const shows = (why: string, operands = ''): Form => ({ why, options: SHOW, operands })

export const npm = (): ToolTable => ({
  tools: ['npm', 'cnpm'],
  about: 'Packages by their name from the registry, scripts that stand in the project, and what only shows something.',
  style: 'separate',
  options: [
    {
      names:
        '-s --silent -q --quiet -d --verbose --no-color --color --no-progress --no-update-notifier --if-present -ws --workspaces --include-workspace-root --foreground-scripts --no-workspaces -y --yes',
      why: 'how much it says, and in which packages of the project',
    },
    { names: '--loglevel', value: 'silent|error|warn|notice|http|info|verbose|silly', why: 'how much it says' },
    { names: '-w --workspace', value: 'npm-workspace', why: 'in which package of the project' },
  ],
  globalOptions: [{ names: '-v --version -h --help', why: 'says its version, or how it is used' }],
  forms: [{ why: 'says its version, or how it is used' }],
  commands: {
    'install, i, add': {
      why: 'takes packages by name from the registry, as the grant says',
      options: INSTALL,
      operands: 'npm-package*',
      dashes: 'none',
      runsProject: true,
    },
    'ci, clean-install, install-test': {
      why: 'takes the packages of the lock file',
      options: INSTALL,
      dashes: 'none',
      runsProject: true,
    },
    'uninstall, remove, rm, un': {
      why: 'removes packages',
      options: INSTALL,
      operands: 'npm-package+',
      dashes: 'none',
      runsProject: true,
    },
    'update, up, upgrade': {
      why: 'takes newer versions of known packages',
      options: INSTALL,
      operands: 'npm-package*',
      dashes: 'none',
      runsProject: true,
    },
    'dedupe, prune, rebuild': {
      why: 'tidies installed packages',
      options: INSTALL,
      operands: 'npm-package*',
      dashes: 'none',
      runsProject: true,
    },
    'run, run-script': [
      {
        ...SCRIPT,
        why: 'runs a script of the project',
        options: [{ names: '--ignore-scripts --no-audit', why: 'without the scripts around it' }],
        operands: 'script argument*',
      },
      shows('lists the scripts'),
    ],
    'test, t, tst': { ...SCRIPT, why: 'runs the tests of the project', operands: 'argument*' },
    'start, stop, restart': { ...SCRIPT, why: 'runs a script of the project', operands: 'argument*' },
    'list, ls, ll': shows('lists installed packages', 'npm-package*'),
    'explain, why': shows('says why a package is installed', 'npm-package+'),
    outdated: shows('lists packages that have newer versions', 'npm-package*'),
    'view, show, info': shows('shows what the registry says of a package', 'npm-package field*'),
    'search, find': {
      why: 'searches the registry',
      options: [...SHOW, { names: '--searchlimit', value: 'number', why: 'how much' }],
      operands: 'text+',
    },
    audit: { why: 'looks for known weaknesses', options: [...SHOW, ...INSTALL] },
    'audit fix': { why: 'takes versions without them', options: INSTALL, runsProject: true },
    'audit signatures': shows('checks signatures of packages'),
    'version, root, prefix, whoami, ping, fund, doctor': shows('says where or what it is'),
    'config get, get': { why: 'reads a setting; secrets are not shown', operands: 'config-name*' },
    'config list, config ls': { why: 'reads settings; secrets are not shown', options: SHOW },
    'pkg get': { why: 'reads package.json', options: SHOW, operands: 'field*' },
    'cache verify': { why: 'checks the cache' },
    'dist-tag ls, dist-tag list, owner ls, access list': shows('shows what the registry says of a package', 'npm-package?'),
    init: { why: 'writes a package.json with default values', needs: '-y --yes' },
    pack: {
      why: 'lists what a package would hold',
      needs: '--dry-run',
      options: [{ names: '--dry-run --json', why: 'without writing it' }],
      runsProject: true,
    },
  },
  asks: [
    { what: 'exec, x, create, innit, explore, edit, dlx', why: 'runs any package or program' },
    {
      what: '--script-shell, --shell, --node-options, --git, --editor, --viewer, --browser, --init-module',
      why: 'names a program or code to run',
    },
    { what: '--prefix, -C, --userconfig, --globalconfig, --cache', why: 'moves settings or the project to another folder' },
    { what: '-g, --global, --location, link', why: 'writes outside the workspace' },
    { what: 'config, set, config set, pkg set', why: 'may replace the shell or the scripts' },
    { what: '--registry', why: 'takes packages from another address' },
    {
      what: 'publish, unpublish, deprecate, login, logout, token, adduser, owner, dist-tag, access, team, org, hook',
      why: 'changes what others get, or who you are',
    },
    { what: 'help, docs, repo, bugs, home', why: 'opens a browser or a viewer' },
  ],
})
