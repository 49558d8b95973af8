// pytest: runs the tests of the project.

import type { Form, ToolTable } from '../table.ts'

/** Also behind `python -m pytest`. */
export const PYTEST: Form = {
  why: 'runs the tests of the project',
  options: [
    {
      names: `-v --verbose -q --quiet -x --exitfirst -s -l --showlocals --lf --last-failed --ff --failed-first --nf --new-first --sw --stepwise --stepwise-skip
        --collect-only --co --no-header --no-summary --fixtures --markers --setup-show --setup-only --setup-plan --strict-markers --strict-config --runxfail
        --cache-show --cache-clear --no-cov --disable-warnings --disable-pytest-warnings --full-trace -V --version -h --help --doctest-modules --pyargs --forked`,
      why: 'how tests are run',
    },
    { names: '-k -m', value: 'text', why: 'which tests' },
    { names: '-r', attached: 'word', why: 'what is said at the end' },
    {
      names: '--maxfail --durations --durations-min --verbosity --timeout --reruns --count',
      value: 'number',
      why: 'how many, how long',
    },
    { names: '-n --numprocesses', value: 'word', why: 'how many at once' },
    { names: '--tb', value: 'auto|long|short|line|native|no', why: 'how failures are shown' },
    {
      names: '--color --show-capture --capture --cov-branch --dist',
      attached: 'yes|no|auto|fd|sys|tee-sys|all|log|stdout|stderr|load|loadfile|loadscope|worksteal',
      why: 'how it is shown',
    },
    { names: '--cov', attached: 'script', why: 'what is counted' },
    { names: '--cov-report', value: 'term|term-missing|term-missing:skip-covered', why: 'how it is shown' },
    { names: '--log-level --log-cli-level', value: 'word', why: 'what is shown' },
    { names: '--deselect --ignore --ignore-glob', value: 'test', why: 'which tests' },
  ],
  operands: 'test*',
  dashes: 'none',
  runsProject: true,
}

export const pytest = (): ToolTable => ({
  tools: ['pytest', 'py.test'],
  about: 'Runs the tests of the project.',
  forms: [PYTEST],
  asks: [
    {
      what: '-p, --import-mode, --pdbcls, --pdb, --trace, --confcutdir, --rootdir, -c, --config-file, -o, --override-ini, --noconftest',
      why: 'loads other code or settings, or waits for answers',
    },
    {
      what: '--basetemp, --junitxml, --junit-xml, --log-file, --debug, --cov-config, --resultlog, --html, --report-log, --pastebin',
      why: 'writes or reads files, or sends the result',
    },
  ],
})
