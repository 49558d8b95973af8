// gh: what shows issues, requests and runs, and what writes in the repository of the folder.

import type { Form, OptionGroup, ToolTable } from '../table.ts'

const REPOSITORY: OptionGroup = { names: '-R --repo', value: 'hub-repository', why: 'of which repository' }
const JQ: OptionGroup = { names: '-q --jq', value: 'jq', why: 'a part of what is shown' }
const LIST: readonly OptionGroup[] = [
  REPOSITORY,
  { names: '-L --limit', value: 'number', why: 'how many' },
  {
    names:
      '-s --state -A --author -a --assignee -l --label -S --search -B --base -H --head -m --milestone --workflow -b --branch -u --user -e --event -t --type --app --mention -c --commit --status --created --language --topic --visibility --sort --order -O',
    value: 'text',
    why: 'which of them it is done with',
  },
  {
    names: '-d --draft --archived --fork --source --no-archived --exclude-drafts --exclude-pre-releases --all',
    why: 'which of them it is done with',
  },
  { names: '--json', value: 'text', why: 'how it is shown' },
  JQ,
]
const VIEW: readonly OptionGroup[] = [
  REPOSITORY,
  {
    names: '-c --comments --log --log-failed -v --verbose --patch --name-only --exit-status --required --yaml -y',
    why: 'what is shown',
  },
  { names: '--color --json -r --ref -j --job -a --attempt', value: 'text', why: 'how it is shown' },
  JQ,
]
const WRITE: readonly OptionGroup[] = [
  {
    names:
      '-t --title -b --body -l --label -a --assignee -m --milestone -p --project --add-label --remove-label --add-assignee --remove-assignee --add-reviewer --remove-reviewer -r --reviewer -c --comment --reason',
    value: 'text',
    why: 'what is written',
  },
  { names: '-B --base -H --head', value: 'branch', why: 'between which branches' },
  {
    names: '-d --draft -f --fill --fill-first --fill-verbose --no-maintainer-edit --delete-branch --undo --dry-run --edit-last',
    why: 'how it is done or shown',
  },
]
const shows = (operands: string, options: readonly OptionGroup[]): Form => ({ why: 'only shows something', options, operands })
const writes = (operands: string, options: readonly OptionGroup[] = WRITE): Form => ({
  why: 'writes in the repository of the folder',
  options,
  operands,
  dashes: 'none',
})

export const gh = (): ToolTable => ({
  tools: ['gh'],
  about: 'Shows issues, requests, runs and releases; writes issues, requests and comments in the repository of the folder only.',
  globalOptions: [{ names: '--version --help', why: 'says its version' }],
  forms: [{ why: 'says its version' }],
  commands: {
    'issue list, issue ls, pr list, pr ls, run list, run ls, release list, release ls, workflow list, label list, cache list, gist list, ruleset list':
      shows('', LIST),
    'repo list': shows('word?', LIST),
    'issue view, issue status, pr view, pr status, pr checks, pr diff, run view, release view, workflow view': shows(
      'hub-thing?',
      VIEW,
    ),
    'repo view': shows('hub-repository?', [{ names: '-b --branch --json', value: 'text', why: 'how it is shown' }, JQ]),
    'search issues, search prs, search repos, search code, search commits': shows('text*', LIST),
    'auth status': shows('', [{ names: '-a --active', why: 'which account' }]),
    'status, version, alias list, config list, extension list, secret list, variable list': shows('', []),
    'config get': shows('config-name', []),
    'run watch': shows('hub-thing', [
      REPOSITORY,
      { names: '--exit-status --compact', why: 'how it is done or shown' },
      { names: '-i --interval', value: 'number', why: 'how often' },
    ]),
    'issue create, pr create': { ...writes(''), needs: '-t --title -f --fill --fill-first' },
    'issue comment, pr comment': { ...writes('hub-thing'), needs: '-b --body' },
    'pr review': writes('hub-thing?', [
      { names: '-a --approve -r --request-changes -c --comment', why: 'which verdict' },
      { names: '-b --body', value: 'text', why: 'what is written' },
    ]),
    'issue edit, pr edit, issue close, issue reopen, pr close, pr reopen, pr ready': writes('hub-thing?'),
    'pr merge': writes('hub-thing', [
      { names: '-m --merge -s --squash -r --rebase -d --delete-branch --auto --disable-auto', why: 'how it is done or shown' },
    ]),
    'run rerun, run cancel': writes('hub-thing', [{ names: '--failed', why: 'which part' }]),
  },
  asks: [
    {
      what: 'api, alias, alias set, extension, extension install, codespace, cs, browse, secret, variable, workflow, workflow run, ssh-key, gpg-key, config, config set, gist create, gist',
      why: 'asks any address, starts programs, or changes settings and secrets',
    },
    { what: 'auth, auth token, auth login', why: 'shows or changes credentials' },
    {
      what: 'repo clone, repo create, repo fork, repo delete, repo edit, repo sync, release create, release download, release upload, run download',
      why: 'reads or writes files, or changes what others get',
    },
    { what: 'pr checkout, co', why: 'brings files of others into the folder' },
    { what: '-w, --web, -e, --editor', why: 'opens a browser or an editor' },
    { what: '-F, --body-file, --input, -T, --template, --hostname, --recover', why: 'reads a file, or reaches another host' },
    { what: '-R, --repo', why: 'writes in another repository' },
  ],
})

export const hubs = (): ToolTable => ({
  tools: ['glab', 'hub'],
  about: 'Shows issues and requests.',
  globalOptions: [{ names: '--version --help', why: 'says its version' }],
  forms: [{ why: 'says its version' }],
  commands: {
    'issue list, mr list, pr list, ci list, release list, ci status': shows('', [
      REPOSITORY,
      { names: '--page --per-page -P', value: 'number', why: 'how many' },
    ]),
    'issue view, mr view, mr diff': shows('hub-thing', [REPOSITORY, { names: '-c --comments', why: 'what is shown' }]),
  },
  asks: [{ what: 'api, alias, auth, config', why: 'asks any address, or changes settings' }],
})
