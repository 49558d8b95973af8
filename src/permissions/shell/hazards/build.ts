// Package managers, build tools and test runners: options that swap the program, the shell or the settings behind a script.

import type { Word } from '../words.ts'
import { type HazardTable, subCommands } from './table.ts'

const configReads = (tool: string, args: readonly Word[]): string | undefined => {
  const words = args.filter((word) => !word.text.startsWith('-')).map((word) => word.text)
  if (!subCommands(args).some((word) => word === 'config' || word === 'c')) return undefined
  return (words[0] === 'config' || words[0] === 'c') && (words[1] === 'get' || words[1] === 'list' || words[1] === 'ls')
    ? undefined
    : `\`${tool} config\` may replace the shell or the programs that \`${tool}\` starts.`
}

const NODE_OPTIONS = [
  'script-shell',
  'prefix',
  'userconfig',
  'globalconfig',
  'config',
  'exec',
  'call',
  'node-options',
  'shell',
  'editor',
  'viewer',
  'browser',
  'git',
  'init-module',
  'onload-script',
  'cwd',
  'dir',
  'use-node-version',
  'shell-emulator',
  'modules-folder',
  'global-folder',
]
const NODE_COMMANDS = [
  'exec',
  'x',
  'dlx',
  'init',
  'create',
  'innit',
  'explore',
  'edit',
  'set',
  'node',
  'env',
  'setup',
  'link',
  'pkg set',
  'pkg fix',
]

const npm: HazardTable = {
  tools: ['npm', 'pnpm', 'yarn', 'cnpm'],
  long: NODE_OPTIONS,
  known: ['global'],
  short: 'Cc',
  commands: NODE_COMMANDS,
  check: (args) => configReads('npm', args),
}

const make: HazardTable = {
  tools: ['make', 'gmake', 'ninja', 'just'],
  long: ['file', 'makefile', 'directory', 'include-dir', 'eval', 'justfile', 'working-directory', 'shell', 'shell-arg', 'set'],
  short: 'fCIEW',
  valued: 'j',
  words: /^[A-Za-z_.][A-Za-z0-9_.-]*[:?+!]*=/,
}

const rake: HazardTable = {
  tools: ['rake'],
  long: ['execute', 'execute-print', 'execute-continue', 'libdir', 'rakefile', 'rakelibdir', 'require', 'directory', 'system'],
  short: 'eEfgIpRrC',
  words: /^[A-Za-z_][A-Za-z0-9_]*=/,
}

const cargo: HazardTable = {
  tools: ['cargo'],
  known: ['target'],
  long: ['config', 'manifest-path', 'target-dir', 'out-dir', 'artifact-dir', 'root'],
  short: 'ZC',
  words: /^\+/,
  commands: ['install', 'login', 'owner'],
}

const rustup: HazardTable = { tools: ['rustup'], commands: ['run', 'self', 'toolchain link'] }

const go: HazardTable = {
  tools: ['go', 'gofmt'],
  words:
    /^--?(exec|toolexec|overlay|modfile|C|vettool|ldflags|gcflags|asmflags|gccgoflags|o|pkgdir|cpuprofile|memprofile|outputdir|coverprofile|cpp|w)(=|$)/,
  commands: ['env', 'generate', 'tool', 'run', 'install', 'telemetry', 'bug'],
}

const pip: HazardTable = {
  tools: ['pip', 'pip3', 'uv', 'poetry', 'pipenv', 'conda', 'mamba', 'hatch', 'pdm', 'tox', 'nox'],
  long: [
    'target',
    'prefix',
    'root',
    'python',
    'log',
    'config-settings',
    'config-setting',
    'global-option',
    'build-option',
    'install-option',
    'cache-dir',
    'project',
    'directory',
    'config-file',
  ],
  short: 'tC',
  commands: ['config', 'run', 'tool', 'shell', 'self', 'x', 'exec', 'activate'],
}

const pytest: HazardTable = {
  tools: ['pytest', 'py.test'],
  long: [
    'confcutdir',
    'rootdir',
    'basetemp',
    'import-mode',
    'override-ini',
    'config-file',
    'pdbcls',
    'junit-xml',
    'junitxml',
    'log-file',
    'debug',
    'pastebin',
  ],
  short: 'pco',
  valued: 'kmnrW',
  known: ['co'],
}

const gems: HazardTable = {
  tools: ['gem', 'bundle', 'bundler', 'composer', 'mvn', 'gradle', 'ant', 'dotnet', 'mix', 'stack', 'cabal'],
  long: [
    'init-script',
    'build-file',
    'settings-file',
    'project-dir',
    'include-build',
    'file',
    'settings',
    'global-settings',
    'working-dir',
    'gemfile',
    'install-dir',
    'bindir',
    'config-file',
  ],
  short: 'IbcfspidD',
  commands: ['exec', 'console', 'config', 'run-script', 'global', 'fsi', 'script', 'repl', 'run'],
}

const linters: HazardTable = {
  tools: ['eslint', 'prettier', 'tsc', 'biome', 'stylelint', 'jest', 'vitest', 'mocha', 'tap', 'rollup', 'webpack', 'vite'],
  long: [
    'config',
    'config-path',
    'plugin',
    'parser',
    'rulesdir',
    'resolve-plugins-relative-to',
    'format',
    'output-file',
    'outDir',
    'outFile',
    'project',
    'build',
    'require',
    'import',
    'loader',
    'node-option',
    'setupFiles',
    'globalSetup',
    'globalTeardown',
    'rootDir',
    'runner',
    'reporter',
    'transform',
    'environment',
    'test-environment',
    'custom-syntax',
    'processor',
  ],
  short: 'cfoprR',
}

export const build: readonly HazardTable[] = [npm, make, rake, cargo, rustup, go, pip, pytest, gems, linters]
