// Kinds that are words: names, numbers, packages and small programs. None of them names a file but where it says so.

import { isAwkProgram, isJqProgram, isSedScript, isYqProgram } from '../languages.ts'
import { type KindRule, leaves, matching, NONE, read } from './rule.ts'

export const WORDS = {
  text: { about: 'any text', fit: () => NONE },
  number: matching('number', /^-?[0-9]+(\.[0-9]+)?[a-zA-Z]{0,3}$/),
  amount: matching('number with a sign or unit', /^[-+]?[0-9]+(\.[0-9]+)?[a-zA-Z]{0,3}$/),
  duration: matching('duration', /^[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d)?$|^([0-9]+[hms])+$/),
  word: matching('plain word', /^[A-Za-z0-9_][A-Za-z0-9_.,:+%-]*$/),
  date: matching('date', /^[A-Za-z0-9@][A-Za-z0-9 .:,+/@-]*$/),
  mode: matching('mode', /^([/-]?[0-7]{3,4}|[/]?[ugoa]*[+=-][rwxXst]*(,[ugoa]*[+=-][rwxXst]*)*)$/),
  'npm-package': matching(
    'package of the registry',
    /^(?!.*\.(tgz|tar|tar\.gz)$)(@[a-z0-9][a-z0-9._-]*\/)?[a-zA-Z0-9][a-zA-Z0-9._-]*(@[\^~]?[A-Za-z0-9][A-Za-z0-9.+-]*)?$/,
  ),
  'pip-package': matching(
    'package of the index',
    /^(?!.*\.(whl|zip|tgz|gz|bz2|txt|tar)$)[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?((===?|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!_-]+(,(==|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!_-]+)*)?$/,
  ),
  crate: matching('crate', /^[A-Za-z0-9][A-Za-z0-9_-]*(@[\^~=]?[0-9][0-9A-Za-z.+-]*)?$/),
  'go-package': {
    about: 'package of the module, or import path',
    fit: (text) =>
      leaves(text) || !/^[A-Za-z0-9_.][A-Za-z0-9_./~+-]*(@[A-Za-z0-9.+-]+)?$/.test(text)
        ? { no: 'it is no package of the module' }
        : { files: /^\.|\.go$/.test(text) ? [read(text)] : [] },
  },
  image: matching(
    'image',
    /^[a-z0-9][a-z0-9._-]*(:[0-9]+)?(\/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?$/,
  ),
  resource: {
    about: 'kind of object, or object; secrets ask',
    fit: (text) =>
      !/^[A-Za-z][A-Za-z0-9.-]*(,[A-Za-z][A-Za-z0-9.-]*)*(\/[A-Za-z0-9][A-Za-z0-9.-]*)?$/.test(text)
        ? { no: 'it is no kind of object' }
        : text.split(/[,/]/).some((kind) => /^secrets?(\.|$)/i.test(kind))
          ? { no: 'it shows secrets' }
          : NONE,
  },
  'make-target': matching('target', /^[A-Za-z0-9_][A-Za-z0-9_./%+-]*$/),
  script: matching('name of a script', /^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*$/),
  'number-or-all': matching('number, or `all`', /^([0-9]+|all)$/),
  'amount-or-word': matching('number or plain word', /^[-+]?[A-Za-z0-9_][A-Za-z0-9_.-]*$/),
  extensions: matching('endings', /^\.?[A-Za-z0-9]+(,\.?[A-Za-z0-9]+)*$/),
  'find-types': matching('kinds of files', /^[bcdpflsD](,[bcdpflsD])*$/),
  'config-name': matching('name of a setting', /^[A-Za-z0-9^][A-Za-z0-9.*_/@$\\-]*$/),
  'npm-workspace': {
    about: 'package of the project',
    fit: (text) =>
      /^(@[A-Za-z0-9._-]+\/)?[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(text) && !leaves(text)
        ? NONE
        : { no: 'it is no package of the project' },
  },
  'npm-filter': {
    about: 'package of the project',
    fit: (text) =>
      /^[A-Za-z0-9@.!^][A-Za-z0-9@._/*^-]*$/.test(text) && !leaves(text.replace(/^!/, ''))
        ? NONE
        : { no: 'it is no package of the project' },
  },
  field: matching('field', /^[A-Za-z_][A-Za-z0-9_.[\]@/*-]*$/),
  'cargo-names': matching('names', /^[A-Za-z0-9_*][A-Za-z0-9_,/:.@* -]*$/),
  'go-list': matching('package or module', /^(all|[A-Za-z0-9_.][A-Za-z0-9_./~+-]*(@[A-Za-z0-9.+-]+)?)$/),
  'go-setting': matching('name of a setting', /^[A-Z][A-Z0-9_]*$/),
  here: matching('folder itself', /^\.(\[[A-Za-z0-9,_-]+\])?$/),
  platform: matching('platform', /^[a-z0-9]+(\/[a-z0-9]+)*$/),
  pod: matching('object', /^[a-z][a-z0-9.-]*(\/[a-z0-9][a-z0-9.-]*)?$/),
  'hub-repository': matching('repository', /^([A-Za-z0-9_.-]+\/)?[A-Za-z0-9_][A-Za-z0-9_.-]*$/),
  'hub-thing': matching('number or branch', /^#?[A-Za-z0-9_][A-Za-z0-9_./-]*$/),
  'process-list': matching('list of names', /^[A-Za-z0-9_+%-][A-Za-z0-9_.,:=+%@-]*$/),
  'ps-letters': matching('letters without `e`', /^[aAcdfghjlLmnrsStTuUvwxX]+$/),
  'date-format': matching('format', /^\+/),
  'dns-word': matching('name, server or flag', /^[@+-]?[A-Za-z0-9_][A-Za-z0-9_.:=+-]*$/),
  'awk-variable': matching('variable', /^[a-z_][a-z0-9_]*=[\s\S]*$/),
  owner: matching('user and group', /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_.-]*)?$|^:[A-Za-z0-9_.-]+$/),
  unit: matching('unit', /^[A-Za-z0-9_][A-Za-z0-9_.@:-]*$/),
  host: matching('host', /^[A-Za-z0-9][A-Za-z0-9.:-]*$/),
  'output-format': matching(
    'output format',
    /^(json|yaml|wide|name|(jsonpath|custom-columns|jsonpath-as-json|go-template)=.*)$/s,
  ),
  sed: {
    about: 'sed script that only prints',
    fit: (text) => (isSedScript(text) ? NONE : { no: 'it may write files or run programs' }),
  },
  awk: {
    about: 'awk program that only prints',
    fit: (text) => (isAwkProgram(text) ? NONE : { no: 'it may write files or run programs' }),
  },
  jq: { about: 'jq program', fit: (text) => (isJqProgram(text) ? NONE : { no: 'it shows the environment or loads other code' }) },
  yq: { about: 'yq program', fit: (text) => (isYqProgram(text) ? NONE : { no: 'it is more than a path' }) },
} as const satisfies Record<string, KindRule>
