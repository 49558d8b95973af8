// cargo and rustup: what builds, tests and shows the package of the folder.

import type { OptionGroup, ToolTable } from '../table.ts'

const SAYS: OptionGroup = {
  names: '-q --quiet -v --verbose --locked --offline --frozen',
  why: 'how much it says, and whether it may reach the network',
}
const COLOR: OptionGroup = { names: '--color', value: 'auto|always|never', why: 'how it is printed' }
const BUILD: readonly OptionGroup[] = [
  {
    names:
      '-r --release --workspace --all --lib --bins --tests --examples --benches --all-targets --all-features --no-default-features --keep-going --no-run --no-fail-fast --doc --future-incompat-report --no-deps --document-private-items',
    why: 'what is built',
  },
  {
    names: '-p --package --exclude --bin --test --example --bench -F --features --profile',
    value: 'cargo-names',
    why: 'what is built',
  },
  { names: '--target', value: 'word', why: 'for which machine' },
  { names: '-j --jobs', value: 'number', why: 'how many at once' },
  {
    names: '--message-format',
    value: 'human|short|json|json-diagnostic-short|json-diagnostic-rendered-ansi',
    why: 'how it is printed',
  },
]
const BUILDS = { options: BUILD, runsProject: true, dashes: 'argument*' } as const

export const cargo = (): ToolTable => ({
  tools: ['cargo'],
  about: 'Builds, tests and shows the package of the folder; adds crates by name from the registry.',
  options: [SAYS, COLOR],
  globalOptions: [{ names: '-V --version --list -h --help', why: 'says its version' }],
  forms: [{ why: 'says its version' }],
  commands: {
    'build, b, check, c, clippy': { ...BUILDS, why: 'builds the package' },
    'test, t, bench': { ...BUILDS, why: 'runs the tests of the package', operands: 'text?' },
    'run, r': { ...BUILDS, why: 'runs the package', operands: 'argument*' },
    'doc, d': { ...BUILDS, why: 'builds the documentation of the package' },
    fmt: {
      why: 'formats the package',
      options: [
        { names: '--all --check', why: 'how it is done or shown' },
        { names: '-p --package', value: 'crate', why: 'what it is done with' },
      ],
      runsProject: true,
    },
    tree: {
      why: 'lists what the package uses',
      options: [
        { names: '-d --duplicates --no-dedupe --all-features --no-default-features --workspace', why: 'what is listed' },
        { names: '-i --invert -p --package -e --edges --depth --prefix', value: 'cargo-names', why: 'what is listed' },
      ],
    },
    metadata: {
      why: 'describes the package',
      options: [
        { names: '--no-deps --all-features --no-default-features', why: 'what is shown' },
        { names: '--format-version', value: 'number', why: 'how it is done or shown' },
      ],
    },
    'update, fetch, generate-lockfile, clean': {
      why: 'takes newer versions, or removes what was built',
      options: [
        { names: '-r --release --doc --dry-run --workspace --aggressive --recursive', why: 'what it is done with' },
        { names: '-p --package', value: 'crate', why: 'what it is done with' },
      ],
      operands: 'crate*',
    },
    'add, remove, rm': {
      why: 'adds or removes crates by name',
      options: [
        {
          names: '--dev --build --optional --no-optional --no-default-features --default-features --dry-run',
          why: 'how it is done or shown',
        },
        { names: '-F --features --rename', value: 'cargo-names', why: 'how it is done or shown' },
        { names: '-p --package', value: 'crate', why: 'in which package' },
      ],
      operands: 'crate+',
    },
    search: { why: 'searches the registry', options: [{ names: '--limit', value: 'number', why: 'how many' }], operands: 'text' },
    'info, pkgid, locate-project, verify-project, version': { why: 'says what it is', operands: 'crate?' },
    audit: { why: 'looks for known weaknesses' },
    'nextest run, nextest list': { ...BUILDS, why: 'runs the tests of the package', operands: 'text*' },
  },
  asks: [
    {
      what: '--config, -Z, --manifest-path, --target-dir, --out-dir, --artifact-dir, -C, --lockfile-path, +nightly, +stable',
      why: 'changes settings, programs or folders',
    },
    {
      what: 'install, uninstall, publish, yank, login, logout, owner',
      why: 'writes outside the workspace, or changes what others get',
    },
    { what: 'fix, new, init, vendor, package', why: 'writes files that its words do not name' },
    { what: 'add --git, add --path, add --registry', why: 'takes code from another place' },
  ],
})

export const rustup = (): ToolTable => ({
  tools: ['rustup'],
  about: 'Shows which compilers are installed.',
  globalOptions: [{ names: '-V --version -h --help', why: 'says its version' }],
  forms: [{ why: 'says its version' }],
  commands: {
    'show, show active-toolchain, toolchain list, target list, component list, check': {
      why: 'lists what is installed',
      options: [{ names: '-v --verbose --installed', why: 'what is listed' }],
    },
    which: { why: 'says where a program is', operands: 'word' },
  },
  asks: [
    { what: 'run, self, toolchain, target, component, default, override, update, install', why: 'runs or installs compilers' },
  ],
})
