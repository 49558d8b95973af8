// Linters and formatters: look through files of the project, with its own settings.

import type { OptionGroup, ToolTable } from '../table.ts'

const VERSION: OptionGroup = { names: '-v -V --version -h --help', why: 'says its version' }

const CODE = 'loads other code or settings'

/** Runners of tests, each with letters of its own meaning. */
const tests = (): readonly ToolTable[] => [
  {
    tools: ['jest'],
    about: 'Runs the tests of the project.',
    style: 'separate',
    forms: [
      {
        why: 'runs tests',
        options: [
          VERSION,
          {
            names: `--coverage --silent --verbose --bail -b --ci --no-coverage --passWithNoTests --runInBand -i -u --updateSnapshot --listTests
              --onlyFailures --onlyChanged -o --detectOpenHandles --forceExit --no-cache --expand -e`,
            why: 'how tests are run',
          },
          { names: '--watch --watchAll', value: 'false|0', why: 'that it ends' },
          { names: '-t --testNamePattern --testPathPattern --testPathPatterns', value: 'text', why: 'which tests' },
          { names: '--maxWorkers -w --testTimeout', value: 'amount', why: 'how many, how long' },
        ],
        operands: 'test*',
        dashes: 'none',
        runsProject: true,
      },
    ],
    asks: [
      {
        what: '-c, --config, --setupFiles, --globalSetup, --globalTeardown, --rootDir, --runner, --reporters, --transform, --env, --preset',
        why: CODE,
      },
      { what: '--outputFile, --coverageDirectory, --cacheDirectory', why: 'writes other files' },
    ],
  },
  {
    tools: ['vitest'],
    about: 'Runs the tests of the project.',
    style: 'separate',
    forms: [
      ['test*', 'it may go on watching'],
      ['run|list test*', 'it ends'],
    ].map(([operands = '', ends = '']) => ({
      why: `runs tests; ${ends}`,
      options: [
        VERSION,
        { names: '--coverage --silent --run -u --update --passWithNoTests --no-color', why: 'how tests are run' },
        { names: '-t --testNamePattern', value: 'text', why: 'which tests' },
        { names: '--bail --retry --testTimeout', value: 'number', why: 'how many, how long' },
      ],
      operands,
      dashes: 'none',
      runsProject: true as const,
    })),
    asks: [
      { what: '-c, --config, -r, --root, --dir, --environment, --globals, --reporter, --pool', why: CODE },
      { what: '--outputFile, --ui, --api, --inspect', why: 'writes other files, or opens a port' },
    ],
  },
  {
    tools: ['mocha'],
    about: 'Runs the tests of the project.',
    style: 'separate',
    forms: [
      {
        why: 'runs tests',
        options: [
          VERSION,
          {
            names: '-b --bail --exit --no-color -p --parallel --dry-run --forbid-only --check-leaks --full-trace',
            why: 'how tests are run',
          },
          { names: '-g --grep -f --fgrep', value: 'text', why: 'which tests' },
          { names: '-t --timeout --retries -j --jobs -s --slow', value: 'number', why: 'how many, how long' },
        ],
        operands: 'test*',
        dashes: 'none',
        runsProject: true,
      },
    ],
    asks: [
      {
        what: '-r, --require, --import, -u, --ui, -R, --reporter, --config, --package, -n, --node-option, -O, --file',
        why: CODE,
      },
    ],
  },
  {
    tools: ['tap', 'ava'],
    about: 'Runs the tests of the project.',
    style: 'separate',
    forms: [
      {
        why: 'runs tests',
        options: [VERSION, { names: '--verbose --no-color', why: 'how tests are run' }],
        operands: 'test*',
        dashes: 'none',
        runsProject: true,
      },
    ],
    asks: [
      {
        what: '-o, --output-file, -d, --output-dir, --config, --node-arguments, --plugin, --before, --after',
        why: `${CODE}, or writes other files`,
      },
    ],
  },
]

export const linters = (): readonly ToolTable[] => [
  {
    tools: ['eslint'],
    about: 'Looks through files of the project, with its own settings.',
    style: 'separate',
    forms: [
      {
        why: 'looks through files',
        options: [
          VERSION,
          {
            names:
              '--fix --fix-dry-run --quiet --cache --no-cache --color --no-color --no-inline-config --no-error-on-unmatched-pattern --report-unused-disable-directives --exit-on-fatal-error --debug --pass-on-no-patterns',
            why: 'how they are looked through',
          },
          { names: '--max-warnings', value: 'number', why: 'how many' },
          { names: '--ext', value: 'extensions', why: 'which files' },
          { names: '--rule --global', value: 'text', why: 'what counts' },
          { names: '--ignore-pattern', value: 'name', why: 'which files' },
          { names: '-f --format', value: 'stylish|json|html|json-with-metadata', why: 'how it is shown' },
          { names: '--fix-type', value: 'problem|suggestion|layout|directive', why: 'what is changed' },
        ],
        operands: 'edited*',
        dashes: 'none',
        runsProject: true,
      },
    ],
    asks: [
      {
        what: '-c, --config, --plugin, --parser, --rulesdir, --resolve-plugins-relative-to, --init, --env-info',
        why: 'loads other code or settings',
      },
      { what: '-o, --output-file, --cache-location, --cache-file, --stdin', why: 'writes another file' },
    ],
  },
  {
    tools: ['prettier'],
    about: 'Formats files of the project, with its own settings.',
    style: 'separate',
    forms: [
      {
        why: 'formats files, or says which are not in form',
        options: [
          VERSION,
          {
            names:
              '-c --check -l --list-different -w --write -u --ignore-unknown --no-color --no-semi --single-quote --no-error-on-unmatched-pattern --cache --no-config --use-tabs',
            why: 'how files are formatted',
          },
          { names: '--tab-width --print-width', value: 'number', why: 'how files are formatted' },
          { names: '--log-level', value: 'silent|error|warn|log|debug', why: 'how much it says' },
          {
            names: '--parser',
            value: 'babel|typescript|json|json5|markdown|yaml|css|scss|less|html|vue|graphql|mdx',
            why: 'how files are read',
          },
          {
            names: '--trailing-comma --end-of-line --prose-wrap',
            value: 'all|es5|none|lf|crlf|cr|auto|always|never|preserve',
            why: 'how files are formatted',
          },
        ],
        operands: 'edited*',
        dashes: 'none',
        runsProject: true,
      },
    ],
    asks: [
      {
        what: '--config, --plugin, --plugin-search-dir, --find-config-path, --support-info',
        why: 'loads other code or settings',
      },
      { what: '--cache-location, --ignore-path, --stdin-filepath', why: 'uses another file' },
    ],
  },
  {
    tools: ['biome'],
    about: 'Looks through and formats files of the project, with its own settings.',
    style: 'separate',
    globalOptions: [VERSION],
    forms: [{ why: 'says its version' }],
    commands: {
      'check, lint, format, ci': {
        why: 'looks through files',
        options: [
          {
            names: '--write --fix --unsafe --no-errors-on-unmatched --error-on-warnings --staged --changed --verbose',
            why: 'how it is done or shown',
          },
          { names: '--max-diagnostics --colors --diagnostic-level --reporter', value: 'word', why: 'how it is shown' },
        ],
        operands: 'edited*',
        dashes: 'none',
        runsProject: true,
      },
      version: { why: 'says its version' },
    },
    asks: [
      {
        what: '--config-path, --stdin-file-path, start, stop, init, migrate, lsp-proxy',
        why: 'uses other settings, or starts a server',
      },
    ],
  },
  {
    tools: ['stylelint', 'ruff', 'flake8', 'mypy', 'black', 'isort', 'pylint', 'shellcheck', 'markdownlint', 'golangci-lint'],
    about: 'Looks through files of the project, with its own settings.',
    style: 'separate',
    forms: [
      {
        why: 'looks through files',
        options: [
          VERSION,
          {
            names: '--fix --check --diff --strict --quiet -q --verbose --color --no-cache --show-fixes',
            why: 'how it is done or shown',
          },
        ],
        operands: 'edited*',
        dashes: 'none',
        runsProject: true,
      },
      {
        why: 'looks through files',
        options: [{ names: '--fix --diff --check --quiet -q --no-cache', why: 'how it is done or shown' }],
        operands: 'check|format|run edited*',
        dashes: 'none',
        runsProject: true,
      },
    ],
    asks: [
      {
        what: '--config, --config-file, --plugin, --custom-syntax, --processor, --load-plugins, --rcfile, -c, -o, --output-file, --report',
        why: 'loads other code or settings, or writes files',
      },
    ],
  },
  ...tests(),
  {
    tools: ['webpack', 'rollup', 'vite', 'esbuild', 'turbo', 'nx', 'lerna'],
    about: 'Builds the project, with its own settings.',
    style: 'separate',
    forms: [
      {
        why: 'says its version, or builds',
        options: [VERSION, { names: '--mode', value: 'production|development|none', why: 'how it is built' }],
        operands: 'build|lint|test?',
        dashes: 'none',
        runsProject: true,
      },
    ],
    asks: [
      {
        what: '-c, --config, --plugin, --output-path, --outDir, --watch, serve, dev, preview',
        why: 'loads other code or settings, opens a port, or writes other files',
      },
    ],
  },
]
