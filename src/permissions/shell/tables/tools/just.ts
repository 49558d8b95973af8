// just and rake: recipes of the project's own file.

import type { ToolTable } from '../table.ts'

export const just = (): ToolTable => ({
  tools: ['just'],
  about: 'Recipes of the justfile in the folder.',
  forms: [
    {
      why: 'runs a recipe, or lists them',
      options: [
        {
          names:
            '-l --list --summary -n --dry-run -q --quiet -v --verbose --version -h --help --no-highlight --unsorted -u --groups',
          why: 'how recipes are run',
        },
        { names: '-s --show', value: 'word', why: 'shows a recipe' },
        { names: '--color', value: 'auto|always|never', why: 'how recipes are shown' },
      ],
      operands: 'make-target*',
      dashes: 'none',
      runsProject: true,
    },
  ],
  asks: [
    { what: '-c, --command, --shell, --shell-arg, --choose, --chooser, --evaluate, -e, --edit', why: 'runs any program' },
    {
      what: '-f, --justfile, -d, --working-directory, --set, --dotenv-path, -E, --dotenv-filename',
      why: 'uses another file, or changes what it means',
    },
  ],
})

export const rake = (): ToolTable => ({
  tools: ['rake'],
  about: 'Tasks of the Rakefile in the folder.',
  forms: [
    {
      why: 'runs a task, or lists them',
      options: [
        {
          names:
            '-T --tasks -P --prereqs -n --dry-run -q --quiet -s --silent -v --verbose -V --version -h --help -W --where -A --all -D --describe -t --trace',
          why: 'how tasks are run',
        },
      ],
      operands: 'make-target*',
      dashes: 'none',
      runsProject: true,
    },
  ],
  asks: [
    { what: '-e, --execute, -p, --execute-print, -E, --execute-continue, -r, --require, -I, --libdir', why: 'runs any code' },
    { what: '-f, --rakefile, -R, --rakelibdir, -C, --directory, -g, --system', why: 'uses another file' },
  ],
})
