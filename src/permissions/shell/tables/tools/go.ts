// go: what builds, tests and shows the module of the folder.

import type { OptionGroup, ToolTable } from '../table.ts'

const BUILD: readonly OptionGroup[] = [
  { names: '-v -x -n -a -race -msan -asan -trimpath -work -buildvcs', why: 'how it is built' },
  { names: '-p', value: 'number', why: 'how many at once' },
  { names: '-tags', value: 'text', why: 'what is built' },
  { names: '-mod', value: 'readonly|vendor|mod', why: 'where packages come from' },
]
const TEST: readonly OptionGroup[] = [
  { names: '-short -failfast -cover -json -benchmem -fullpath', why: 'how tests are run' },
  { names: '-run -skip -bench -list -fuzz', value: 'text', why: 'which tests' },
  { names: '-count -parallel -cpu -shuffle', value: 'word', why: 'how often' },
  { names: '-timeout -benchtime -fuzztime', value: 'word', why: 'how long' },
  { names: '-covermode', value: 'set|count|atomic', why: 'how it is counted' },
  { names: '-coverpkg', value: 'go-package', why: 'what is counted' },
  { names: '-vet', value: 'off|all', why: 'whether it is looked through' },
]
const PROJECT = { runsProject: true, dashes: 'none' } as const

export const go = (): ToolTable => ({
  tools: ['go'],
  about: 'Builds, tests and shows the module of the folder; adds modules by their path.',
  style: 'words',
  commands: {
    'build, vet': { ...PROJECT, why: 'builds or looks through the module', options: BUILD, operands: 'go-package*' },
    test: { ...PROJECT, why: 'runs the tests of the module', options: [...BUILD, ...TEST], operands: 'go-package*' },
    fmt: {
      ...PROJECT,
      why: 'formats the module',
      options: [{ names: '-n -x', why: 'how it is done or shown' }],
      operands: 'go-package*',
    },
    list: {
      ...PROJECT,
      why: 'lists packages',
      options: [
        ...BUILD,
        { names: '-m -u -json -deps -test -e -versions -compiled -export -find', why: 'what is listed' },
        { names: '-f', value: 'text', why: 'how it is listed' },
      ],
      operands: 'go-list*',
    },
    'mod tidy, mod download, mod verify, mod graph, mod why, mod vendor': {
      ...PROJECT,
      why: 'tidies or shows what the module uses',
      options: [
        { names: '-v -x -e -m -json', why: 'how it is done or shown' },
        { names: '-go -compat', value: 'word', why: 'for which version' },
      ],
      operands: 'go-package*',
    },
    'mod init': { why: 'makes a module', operands: 'go-package?' },
    get: {
      ...PROJECT,
      why: 'adds modules by their path',
      options: [...BUILD, { names: '-u -t -d', why: 'how it is done or shown' }],
      operands: 'go-package*',
    },
    doc: {
      why: 'shows documentation',
      options: [{ names: '-all -short -src -u -c -cmd', why: 'how it is done or shown' }],
      operands: 'go-package* ',
    },
    version: { why: 'says its version' },
    env: {
      why: 'shows settings by name',
      options: [{ names: '-json', why: 'how it is done or shown' }],
      operands: 'go-setting*',
    },
    clean: { why: 'removes what was built', options: [{ names: '-n -x -i -r -cache -testcache', why: 'what it is done with' }] },
    'work sync': { ...PROJECT, why: 'tidies modules' },
  },
  asks: [
    { what: 'run, generate, tool, install', why: 'runs any program' },
    {
      what: '-exec, -toolexec, -vettool, -overlay, -modfile, -ldflags, -gcflags, -asmflags, -gccgoflags, -C, -pkgdir',
      why: 'starts programs, or changes what is built',
    },
    {
      what: '-o, -cpuprofile, -memprofile, -coverprofile, -blockprofile, -mutexprofile, -trace, -outputdir, -c',
      why: 'writes files',
    },
    { what: 'env -w, env -u, telemetry, bug, mod edit, work, clean -modcache', why: 'changes settings' },
  ],
})

export const gofmt = (): ToolTable => ({
  tools: ['gofmt'],
  about: 'Prints or lists files that are not in form.',
  style: 'words',
  forms: [{ why: 'prints or lists', options: [{ names: '-l -d -e -s', why: 'what is printed' }], operands: 'read*' }],
  asks: [{ what: '-w, -cpuprofile, -r', why: 'writes files' }],
})
