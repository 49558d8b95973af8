// python: modules that are named by the grant itself. A grant of the bare interpreter with a star is refused elsewhere.

import type { Form, ToolTable } from '../table.ts'
import { PIP_ASKS, PIP_COMMANDS } from './pip.ts'
import { PYTEST } from './pytest.ts'

const VERSION: Form = { why: 'says its version', options: [{ names: '-V --version -VV', why: 'says its version' }] }
const behind = (module: string, commands: Readonly<Record<string, Form>>): Record<string, Form> =>
  Object.fromEntries(
    Object.entries(commands).map(([names, form]) => [
      names
        .split(', ')
        .map((name) => `${module} ${name}`)
        .join(', '),
      form,
    ]),
  )

export const python = (): ToolTable => ({
  tools: ['python', 'python3', 'python3.9', 'python3.10', 'python3.11', 'python3.12', 'python3.13', 'python3.14'],
  about: 'Modules that the grant names (`python3 -m pytest *`). Scripts and code of one line are granted exactly.',
  forms: [VERSION],
  globalOptions: [{ names: '-V --version -h --help', why: 'says its version' }],
  commands: {
    '-m pytest': PYTEST,
    '-m unittest': {
      why: 'runs the tests of the project',
      options: [
        { names: '-v --verbose -q --quiet -f --failfast -b --buffer -c --catch', why: 'how tests are run' },
        { names: '-k', value: 'text', why: 'which tests' },
      ],
      operands: 'argument*',
      dashes: 'none',
      runsProject: true,
    },
    '-m json.tool': {
      why: 'prints JSON in form',
      options: [
        { names: '--sort-keys --no-ensure-ascii --json-lines --compact --tab', why: 'how it is printed' },
        { names: '--indent', value: 'number', why: 'how it is printed' },
      ],
      operands: 'read?',
    },
    '-m py_compile, -m compileall, -m tabnanny': {
      why: 'looks whether files can be read as Python',
      options: [{ names: '-q -v', why: 'how much it says' }],
      operands: 'read+',
    },
    '-m venv': {
      why: 'makes a folder for packages',
      options: [
        { names: '--system-site-packages --clear --upgrade --without-pip', why: 'how it is done or shown' },
        { names: '--prompt', value: 'word', why: 'how it is called' },
      ],
      operands: 'write',
    },
    '-m mypy, -m black, -m ruff check, -m flake8, -m isort': {
      why: 'looks through the project',
      options: [{ names: '--strict --check --diff -v -q', why: 'how it is done or shown' }],
      operands: 'read+',
      dashes: 'none',
      runsProject: true,
    },
    ...behind('-m pip', PIP_COMMANDS),
  },
  asks: [
    { what: '-c, -i, -x, -X, -W', why: 'runs any code' },
    { what: '-m http.server, -m, -m timeit, -m pdb, -m cProfile, -m site, -m webbrowser', why: 'runs any module' },
    ...PIP_ASKS,
  ],
})
