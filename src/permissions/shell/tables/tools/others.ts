// Tools that reach so far, by so many options, that only what they say of themselves is on the list. Each form beyond is granted exactly.

import type { Form, ToolTable } from '../table.ts'

const VERSION: Form = {
  why: 'says its version',
  needs: '--version -V -v -version --help',
  options: [{ names: '--version -V -v -version --help', why: 'says its version' }],
}

const only = (tools: string, about: string, why: string, more: Readonly<Record<string, Form>> = {}): ToolTable => ({
  tools: tools.split(' '),
  about,
  style: 'words',
  ...(Object.keys(more).length === 0
    ? { forms: [VERSION] }
    : {
        globalOptions: [{ names: '--version -V -v -version --help', why: 'says its version' }],
        forms: [{ why: 'says its version' }],
        commands: more,
      }),
  asks: [{ what: 'everything else', why }],
})

const says = (why: string): Form => ({ why })

export const others = (): readonly ToolTable[] => [
  only('aws gcloud az', 'Reaches a cloud with your credentials.', 'reaches credentials and what they open', {
    version: says('says its version'),
  }),
  only('terraform tofu pulumi', 'Changes what runs in a cloud.', 'changes what runs, and loads code', {
    version: says('says its version'),
    validate: { why: 'looks whether the files can be read', runsProject: true },
    fmt: {
      why: 'formats the files of the folder',
      options: [{ names: '-check -diff -recursive', why: 'how it is done or shown' }],
      operands: 'write?',
    },
  }),
  only('ansible ansible-playbook vagrant', 'Changes other machines.', 'starts programs on other machines'),
  only('vault', 'Keeps secrets.', 'shows or changes secrets', {
    version: says('says its version'),
    status: says('says whether it is open'),
  }),
  only('openssl gpg gpg2', 'Works with keys.', 'reads and writes keys and files', { version: says('says its version') }),
  only(
    'ffmpeg convert magick pandoc',
    'Changes pictures, sound and documents.',
    'reads and writes files by many options, and loads code',
  ),
  only(
    'scp sftp rsync',
    'Copies files between machines.',
    'starts `ssh`, whose settings start programs, and writes files by many options',
  ),
  only('man info apropos whatis', 'Shows manuals.', 'starts a formatter and a pager'),
  only('gem bundle bundler composer', 'Packages of other languages.', 'takes and runs other code', {
    'list, outdated, show': says('lists packages'),
    'install, check': { why: 'takes the packages of the project', runsProject: true },
  }),
  only('mvn gradle ant', 'Builds the project.', 'runs other goals, or uses other settings', {
    'test, compile, package, verify, clean, build, check, assemble, validate, tasks, dependencies': {
      why: 'builds the project',
      operands: 'make-target*',
      dashes: 'none',
      runsProject: true,
    },
  }),
  only('dotnet', 'Builds the project.', 'runs programs, or uses other settings', {
    'build, test, restore, clean, format': { why: 'builds the project', dashes: 'none', runsProject: true },
    '--info, --list-sdks, --list-runtimes': says('says its version'),
  }),
  only('mix stack cabal', 'Builds the project.', 'runs programs, or uses other settings', {
    'test, compile, build, format': { why: 'builds the project', dashes: 'none', runsProject: true },
  }),
]
