// git: reading, local history, and remotes that the repository has already. Filters, monitors, hooks and pagers are off by environment.

import type { Form, OptionGroup, ToolTable } from '../table.ts'

const QUIET: OptionGroup = { names: '-q --quiet -v --verbose --progress --no-progress', why: 'how much it says' }

const DIFF: readonly OptionGroup[] = [
  {
    names: `-p -u --patch --no-patch -s --raw --patch-with-raw --patch-with-stat --numstat --shortstat --summary --name-only --name-status
      --compact-summary --no-color --full-index --binary --color-words -z --check --no-renames --exit-code --quiet --text -a
      --function-context -W --no-prefix --ita-invisible-in-index --no-ext-diff --no-textconv --no-indent-heuristic -R --cumulative`,
    why: 'how differences are shown',
  },
  {
    names: `-b -w --ignore-space-change --ignore-all-space --ignore-space-at-eol --ignore-cr-at-eol --ignore-blank-lines --minimal
      --patience --histogram -D --irreversible-delete --pickaxe-all --pickaxe-regex`,
    why: 'which differences count',
  },
  { names: '--stat --dirstat -X', attached: 'amount', why: 'a summary instead of the text' },
  { names: '-U --unified --inter-hunk-context', value: 'number', why: 'lines around a difference' },
  {
    names: '-M -C -B --find-renames --find-copies --break-rewrites --abbrev',
    attached: 'amount',
    why: 'how renames are found, names shortened',
  },
  { names: '-l --stat-width --stat-name-width --stat-count', value: 'number', why: 'bounds of what is shown' },
  {
    names: '--color --color-moved --word-diff',
    attached: 'always|never|auto|no|default|plain|blocks|zebra|dimmed-zebra|color|porcelain|none',
    why: 'how differences are shown',
  },
  {
    names: '--submodule --ignore-submodules',
    attached: 'short|log|diff|none|untracked|dirty|all',
    why: 'what of sub-modules is shown',
  },
  { names: '--diff-algorithm', value: 'patience|minimal|histogram|myers', why: 'how differences are found' },
  { names: '--diff-filter --word-diff-regex --ws-error-highlight', value: 'text', why: 'which differences count' },
  { names: '-S -G', value: 'text', why: 'only changes that hold a text' },
  { names: '--relative', attached: 'pathspec', why: 'only what lies in a folder' },
]

const FORMAT: readonly OptionGroup[] = [
  { names: '--format', value: 'text', why: 'what is shown of each' },
  { names: '--pretty', attached: 'text', why: 'what is shown of each' },
  { names: '--date', value: 'text', why: 'how dates are shown' },
  {
    names: `--oneline --graph --no-graph --decorate-refs-exclude --abbrev-commit --no-abbrev-commit --parents --children --left-right --no-notes
      --source --no-decorate --show-notes --log-size --encoding --expand-tabs --no-expand-tabs --no-mailmap --use-mailmap --mailmap --clear-decorations`,
    why: 'what is shown of each',
  },
  { names: '--decorate', attached: 'short|full|auto|no', why: 'what is shown of each' },
  { names: '--notes', attached: 'word', why: 'notes that belong to a commit' },
]

const COMMITS: readonly OptionGroup[] = [
  { names: '-#', why: 'how many' },
  { names: '-n --max-count --skip --min-parents --max-parents', value: 'number', why: 'how many' },
  { names: '--since --until --after --before', value: 'text', why: 'which commits, by date' },
  { names: '--author --committer --grep --grep-reflog', value: 'text', why: 'which commits, by text' },
  { names: '--branches --tags --remotes --glob --exclude', attached: 'text', why: 'which references to start from' },
  {
    names: `--all --merges --no-merges --first-parent --reverse --all-match --invert-grep -i --regexp-ignore-case -E --extended-regexp
      -F --fixed-strings -P --perl-regexp --topo-order --date-order --author-date-order --no-walk --walk-reflogs -g --boundary
      --simplify-by-decoration --full-history --dense --sparse --simplify-merges --ancestry-path --cherry --cherry-pick --cherry-mark
      --left-only --right-only --follow --full-diff -m -c --cc --remove-empty --merge --bisect --not --show-pulls --no-min-parents --no-max-parents`,
    why: 'which commits, in which order',
  },
  { names: '-L', value: 'git-lines', why: 'history of some lines of a file' },
]

const MESSAGE: OptionGroup = { names: '-m --message', value: 'text', why: 'the message' }
const SIGNED_OFF: OptionGroup = { names: '-s --signoff --no-signoff', why: 'a line in the message' }
const MERGE: readonly OptionGroup[] = [
  {
    names: `--ff --no-ff --ff-only --squash --no-squash --commit --no-commit --stat --no-stat --autostash --no-autostash
      --allow-unrelated-histories --no-edit --no-verify --no-gpg-sign --no-rerere-autoupdate`,
    why: 'how histories are joined',
  },
  {
    names: '-X --strategy-option',
    value: 'ours|theirs|ignore-space-change|ignore-all-space|patience|minimal|histogram|renormalize',
    why: 'how conflicts are settled',
  },
  { names: '-s --strategy', value: 'ort|recursive|resolve|octopus|ours|subtree', why: 'a strategy of git itself' },
]
const STEPS = '--continue --abort --quit --skip'

const FETCH: readonly OptionGroup[] = [
  QUIET,
  {
    names: `--all --prune -p --prune-tags -P --tags -t --no-tags -n --force -f --dry-run --unshallow --append -a --atomic --keep -k
      --multiple -4 -6 --ipv4 --ipv6 --no-recurse-submodules --no-auto-gc --no-auto-maintenance --update-shallow --porcelain`,
    why: 'what is taken from the remote',
  },
  { names: '--depth --deepen', value: 'number', why: 'how much is taken at once' },
  { names: '-j --jobs', attached: 'number', why: 'how much is taken at once' },
  { names: '--shallow-since', value: 'date', why: 'how much is taken' },
]

/** A form that may change any tracked file. */
const changes = (form: Form): Form => ({ ...form, also: 'write' })

const RESET: OptionGroup = {
  names: '--soft --mixed -q --quiet -N --intent-to-add --no-refresh --refresh',
  why: 'what is changed',
}
const NEW_BRANCH: OptionGroup = { names: '-b -B --orphan', value: 'branch', why: 'a new branch' }
const CHECKOUT: OptionGroup = {
  names: `-q --quiet -f --force --ours --theirs -m --merge -d --detach -t --track --no-track --progress --no-progress --guess --no-guess -l
    --overlay --no-overlay`,
  why: 'what is switched',
}
const CLEAN: readonly OptionGroup[] = [
  { names: '-f --force -d -q --quiet', why: 'what is removed' },
  { names: '-e --exclude', value: 'text', why: 'what is kept' },
]
const STASH: OptionGroup = { names: '-k --keep-index --no-keep-index -q --quiet -S --staged', why: 'what is put aside' }
const UNTRACKED: OptionGroup = { names: '-u --include-untracked', why: 'new files too, but what is ignored' }

const blank = (why: string, options: readonly OptionGroup[] = [], operands = '', dashes?: string): Form => ({
  why,
  options,
  operands,
  ...(dashes === undefined ? {} : { dashes }),
})

const SHOWS = 'shows history; external diff programs and pagers are off'

export const git = (): ToolTable => ({
  tools: ['git'],
  about:
    'Reads and local history, and exchange with remotes that are configured already. Hooks, file monitors, foreign bare repositories and external diff programs are switched off by the environment that claw gives every command.',
  globalOptions: [{ names: '--no-pager --no-optional-locks --version -v --help -h', why: 'no settings, folders or programs' }],
  forms: [blank('says its version or lists its commands')],
  commands: {
    status: blank(
      'shows what changed',
      [
        {
          names:
            '-s --short -b --branch --show-stash --long -v --verbose -z --ahead-behind --no-ahead-behind --renames --no-renames',
          why: 'how it is shown',
        },
        { names: '--porcelain', attached: 'v1|v2|1|2', why: 'how it is shown' },
        {
          names: '-u --untracked-files --ignored --ignore-submodules --column',
          attached: 'no|normal|all|traditional|matching|none|untracked|dirty|always|never|auto',
          why: 'what is shown',
        },
      ],
      'pathspec*',
    ),
    diff: blank(
      SHOWS,
      [
        ...DIFF,
        { names: '--cached --staged --merge-base --base --ours --theirs -1 -2 -3 -0 --no-relative', why: 'what is compared' },
      ],
      'revision-or-file*',
      'pathspec*',
    ),
    log: blank(SHOWS, [...DIFF, ...FORMAT, ...COMMITS], 'revision-or-file*', 'pathspec*'),
    'show, whatchanged': blank(SHOWS, [...DIFF, ...FORMAT, ...COMMITS], 'revision*', 'pathspec*'),
    shortlog: blank(
      'counts commits by author',
      [
        { names: '-s --summary -n --numbered -e --email -c --committer --no-merges --all', why: 'how it is counted' },
        { names: '--since --until --after --before --author --format', value: 'text', why: 'which commits' },
        { names: '--group', value: 'author|committer', why: 'how it is counted' },
      ],
      'revision*',
      'pathspec*',
    ),
    reflog: blank('shows where branches stood', [...FORMAT, ...COMMITS]),
    'reflog show': blank('shows where branches stood', [...FORMAT, ...COMMITS], 'revision?'),
    'blame, annotate': blank(
      'shows who changed a line',
      [
        {
          names:
            '-e --show-email -s -l -t -w -f -n --show-name --show-number --porcelain -p --line-porcelain -c --root --first-parent',
          why: 'how it is shown',
        },
        { names: '-M -C', attached: 'number', why: 'how moved lines are found' },
        { names: '-L', value: 'git-lines', why: 'which lines' },
        { names: '--since', value: 'text', why: 'which commits' },
        { names: '--date', value: 'text', why: 'how dates are shown' },
      ],
      'revision-or-file+',
      'pathspec*',
    ),
    grep: blank(
      'searches tracked files',
      [
        {
          names: `-n --line-number -i --ignore-case -w --word-regexp -v --invert-match -l --files-with-matches --name-only -L --files-without-match
          -c --count -h -H --heading --break -E --extended-regexp -F --fixed-strings -P --perl-regexp -G --basic-regexp -p --show-function
          -W --function-context --cached -I -a --text --full-name --no-color --column -o --only-matching -q --quiet -z --null
          --all-match --and --or --not`,
          why: 'what is searched, and how hits are shown',
        },
        {
          names: '-A -B -C -m --after-context --before-context --context --max-count --max-depth',
          value: 'number',
          why: 'how much is shown',
        },
        { names: '--color', attached: 'always|never|auto', why: 'how hits are shown' },
        { names: '-e', value: 'text', first: true, why: 'the pattern' },
      ],
      'text revision-or-file*',
      'pathspec*',
    ),
    'ls-files': blank(
      'lists tracked files',
      [
        {
          names: `-c --cached -d --deleted -o --others -m --modified -s --stage -u --unmerged -k --killed -i --ignored -z -t -v --exclude-standard
          --full-name --error-unmatch --directory --no-empty-directory --eol --deduplicate --recurse-submodules`,
          why: 'which are listed',
        },
        { names: '-x --exclude --format', value: 'text', why: 'which are listed' },
        { names: '--abbrev', attached: 'number', why: 'how names are shortened' },
      ],
      'pathspec*',
    ),
    'ls-tree': blank(
      'lists the files of a commit',
      [
        {
          names: '-r -t -d -l --long -z --name-only --name-status --object-only --full-name --full-tree',
          why: 'how they are listed',
        },
        { names: '--format', value: 'text', why: 'how they are listed' },
        { names: '--abbrev', attached: 'number', why: 'how names are shortened' },
      ],
      'revision pathspec*',
    ),
    'cat-file': [
      blank('shows an object', [{ names: '-p -t -s -e', why: 'which part of it' }], 'revision'),
      blank('shows an object', [], 'blob|tree|commit|tag revision'),
    ],
    'rev-parse': blank(
      'resolves names',
      [
        {
          names: `--abbrev-ref --verify --short --show-toplevel --show-prefix --show-cdup --is-inside-work-tree --is-inside-git-dir
          --is-bare-repository --is-shallow-repository --git-dir --absolute-git-dir --git-common-dir --symbolic-full-name --symbolic
          -q --quiet --all --branches --tags --remotes --show-superproject-working-tree --not --revs-only --no-revs --flags --no-flags`,
          why: 'what is shown',
        },
        { names: '--short --abbrev-ref', attached: 'number|strict|loose', why: 'what is shown' },
      ],
      'revision*',
    ),
    'rev-list': blank(
      'lists commits',
      [...COMMITS, ...FORMAT, { names: '--count --objects --quiet --timestamp', why: 'how they are listed' }],
      'revision*',
      'pathspec*',
    ),
    'describe, name-rev': blank(
      'names a commit by a tag',
      [
        {
          names: '--tags --all --always --long --dirty --contains --exact-match --first-parent --name-only --broken --undefined',
          why: 'how it is named',
        },
        { names: '--match --exclude --refs', value: 'text', why: 'which tags' },
        { names: '--candidates', value: 'number', why: 'how it is named' },
        { names: '--abbrev', attached: 'number', why: 'how it is named' },
      ],
      'revision*',
    ),
    'merge-base': blank(
      'finds the common commit',
      [{ names: '-a --all --is-ancestor --fork-point --octopus --independent', why: 'which one' }],
      'revision+',
    ),
    'show-ref, for-each-ref, show-branch, count-objects, cherry, range-diff': blank(
      'lists references, objects or commits',
      [
        {
          names:
            '--head --heads --tags -d --dereference -s --hash --verify -q --quiet -v --verbose -H --human-readable -a --all -r --remotes --list --current --no-color --no-merged --topo-order',
          why: 'what is listed',
        },
        { names: '--count --creation-factor', value: 'number', why: 'how many' },
        { names: '--format --sort --contains --no-contains --merged --points-at', value: 'text', why: 'what is listed' },
      ],
      'revision*',
    ),
    'check-ignore, check-attr': blank(
      'says which rules hold for a file',
      [{ names: '-v --verbose -n --non-matching -q --quiet --no-index -a --all', why: 'how it is said' }],
      'pathspec*',
    ),
    fsck: blank('checks the objects', [
      {
        names: '--full --strict --no-dangling --unreachable --lost-found --connectivity-only --verbose --progress --no-progress',
        why: 'what is checked',
      },
    ]),
    version: blank('says its version', [{ names: '--build-options', why: 'more of it' }]),
    config: [
      {
        why: 'reads settings',
        needs: '--get --get-all --get-regexp --list -l',
        options: [
          {
            names:
              '--get --get-all --get-regexp --list -l --show-origin --show-scope --null -z --name-only --includes --no-includes',
            why: 'reading',
          },
          { names: '--global --local --system --worktree', why: 'which of its own files is read' },
          { names: '--type', value: 'bool|int|path|color|bool-or-int|expiry-date', why: 'how a value is shown' },
          { names: '--default', value: 'text', why: 'what is shown for a setting that is not set' },
        ],
        operands: 'config-name? text?',
      },
      {
        why: 'reads a setting',
        operands: 'git-setting',
        options: [{ names: '--global --local --system --worktree', why: 'which of its own files is read' }],
      },
    ],
    'config list': blank('reads settings', [
      {
        names: '--global --local --system --worktree --show-origin --show-scope --name-only -z --null',
        why: 'which of its own files is read',
      },
    ]),
    'config get': blank(
      'reads a setting',
      [
        {
          names: '--global --local --system --worktree --all --regexp --show-origin --show-scope',
          why: 'which of its own files is read',
        },
      ],
      'config-name',
    ),
    remote: blank('lists remotes', [{ names: '-v --verbose', why: 'how it is done or shown' }]),
    'remote show, remote get-url, remote prune, remote update': blank(
      'shows or refreshes remotes that are configured',
      [{ names: '-n --all --push --dry-run -p --prune', why: 'what is shown' }],
      'remote*',
    ),
    add: {
      why: 'stages files, but what is ignored',
      options: [
        {
          names: `-A --all -u --update -n --dry-run -v --verbose -N --intent-to-add --ignore-errors --refresh --no-all --ignore-removal
          --renormalize --sparse --ignore-missing`,
          why: 'what is staged',
        },
        { names: '--chmod', value: '+x|-x', why: 'the mark that a file may be run' },
      ],
      operands: 'staged*',
      here: 'staged',
    },
    commit: blank(
      'commits what is staged',
      [
        MESSAGE,
        SIGNED_OFF,
        {
          names:
            '-a --all --amend --no-edit --allow-empty --allow-empty-message --no-verify -n -q --quiet -v --verbose --dry-run --short --porcelain --long --reset-author --no-gpg-sign --no-post-rewrite --status --no-status --branch -o --only -i --include',
          why: 'what is committed',
        },
        { names: '--author --date --cleanup', value: 'text', why: 'what stands in the commit' },
        { names: '-C --reuse-message --fixup --squash', value: 'revision', why: 'the message of another commit' },
        { names: '-u --untracked-files', attached: 'no|normal|all', why: 'what is shown' },
      ],
      'pathspec*',
    ),
    'restore, rm': blank(
      'puts files back, or removes them',
      [
        {
          names:
            '-S --staged -W --worktree -q --quiet --ours --theirs -f --force -r --cached -n --dry-run --progress --no-progress --ignore-unmatch --overlay --no-overlay --sparse',
          why: 'what is put back or removed',
        },
        { names: '-s --source', value: 'revision', why: 'from which commit' },
      ],
      'written-pathspec+',
    ),
    mv: blank(
      'moves tracked files',
      [{ names: '-f --force -k -n --dry-run -v --verbose', why: 'what is moved' }],
      'written-pathspec+ written-pathspec',
    ),
    reset: [
      { why: 'moves the branch, or unstages files', options: [RESET], operands: 'revision-or-file*', dashes: 'pathspec*' },
      changes({
        why: 'moves the branch, and files with it',
        needs: '--hard --merge --keep',
        options: [RESET, { names: '--hard --merge --keep', why: 'files too' }],
        operands: 'revision?',
      }),
    ],
    checkout: [
      {
        why: 'puts files back',
        needs: '--',
        options: [{ names: '-q --quiet -f --force --ours --theirs -m --merge --overlay --no-overlay', why: 'what is put back' }],
        operands: 'revision?',
        dashes: 'written-pathspec+',
      },
      { why: 'starts a branch here', needs: NEW_BRANCH.names, options: [NEW_BRANCH, CHECKOUT] },
      changes({
        why: 'switches branches, or puts files back',
        options: [NEW_BRANCH, CHECKOUT, { names: '--conflict', value: 'merge|diff3|zdiff3', why: 'how conflicts are shown' }],
        operands: 'switched-file*',
        dashes: '',
      }),
    ],
    switch: changes(
      blank(
        'switches branches',
        [
          {
            names:
              '-q --quiet -f --force --discard-changes -m --merge -d --detach -t --track --no-track --progress --no-progress --guess --no-guess',
            why: 'what is switched',
          },
          { names: '-c -C --create --force-create --orphan', value: 'branch', why: 'a new branch' },
          { names: '--conflict', value: 'merge|diff3|zdiff3', why: 'how conflicts are shown' },
        ],
        'revision?',
      ),
    ),
    branch: blank(
      'lists, makes, renames or removes branches',
      [
        {
          names: `-a --all -r --remotes -v --verbose --list -l -d -D --delete -m -M --move -c -C --copy -f --force --show-current -q --quiet
          -t --track --no-track --no-color --ignore-case -i --omit-empty --unset-upstream`,
          why: 'what is done with branches',
        },
        { names: '-u --set-upstream-to', value: 'branch', why: 'what a branch follows' },
        { names: '--contains --no-contains --merged --no-merged --points-at', attached: 'revision', why: 'which are listed' },
        { names: '--format --sort', value: 'text', why: 'how they are listed' },
        { names: '--column --color --abbrev', attached: 'always|never|auto', why: 'how they are listed' },
      ],
      'revision*',
    ),
    tag: blank(
      'lists, makes or removes tags',
      [
        MESSAGE,
        {
          names: '-l --list -a --annotate -d --delete -f --force -i --ignore-case --no-sign --no-color',
          why: 'what is done with tags',
        },
        { names: '-n --color --column', attached: 'number', why: 'how they are listed' },
        { names: '--contains --no-contains --merged --no-merged --points-at', attached: 'revision', why: 'which are listed' },
        { names: '--format --sort', value: 'text', why: 'how they are listed' },
      ],
      'text*',
    ),
    stash: [
      changes({ why: 'puts changes aside', options: [STASH] }),
      changes({ why: 'puts changes aside, new files too', needs: UNTRACKED.names, options: [STASH, UNTRACKED], here: 'staged' }),
    ],
    'stash push, stash save': [
      changes({ why: 'puts changes aside', options: [STASH, MESSAGE], operands: 'pathspec*' }),
      changes({
        why: 'puts changes aside, new files too',
        needs: UNTRACKED.names,
        options: [STASH, MESSAGE, UNTRACKED],
        operands: 'staged*',
        here: 'staged',
      }),
    ],
    'stash list': blank('lists what is put aside', [...FORMAT, ...COMMITS]),
    'stash show': blank(SHOWS, [...DIFF, { names: '--include-untracked --only-untracked', why: 'what is shown' }], 'stash?'),
    'stash drop, stash clear': blank('drops what was put aside', [{ names: '-q --quiet', why: 'how much it says' }], 'stash?'),
    'stash pop, stash apply': changes(
      blank('takes back what was put aside', [{ names: '--index -q --quiet', why: 'how it is done or shown' }], 'stash?'),
    ),
    merge: changes(
      blank(
        'joins another history',
        [QUIET, MESSAGE, { names: `${STEPS} --signoff --no-signoff --log --no-log`, why: 'how it goes on' }, ...MERGE],
        'revision*',
      ),
    ),
    rebase: changes(
      blank(
        'puts commits on another base',
        [
          QUIET,
          {
            names: `${STEPS} --autostash --no-autostash --stat -n --no-stat --root --keep-base --fork-point --no-fork-point -f --no-ff --force-rebase
          --no-verify --committer-date-is-author-date --reset-author-date --show-current-patch --update-refs --no-update-refs --reapply-cherry-picks --no-gpg-sign`,
            why: 'how commits are put on it',
          },
          { names: '-r --rebase-merges', attached: 'rebase-cousins|no-rebase-cousins', why: 'how commits are put on it' },
          { names: '--onto', value: 'revision', why: 'the new base' },
          { names: '-X --strategy-option', value: 'ours|theirs', why: 'how conflicts are settled' },
        ],
        'revision*',
      ),
    ),
    'cherry-pick, revert': changes(
      blank(
        'repeats or undoes commits',
        [
          {
            names: `${STEPS} -n --no-commit --no-edit -x -s --signoff --ff --allow-empty --keep-redundant-commits --no-gpg-sign --no-rerere-autoupdate`,
            why: 'how it is done or shown',
          },
          { names: '-m --mainline', value: 'number', why: 'which parent' },
          { names: '-X --strategy-option', value: 'ours|theirs', why: 'how conflicts are settled' },
        ],
        'revision*',
      ),
    ),
    clean: [
      {
        why: 'says what it would remove',
        needs: '-n --dry-run',
        options: [...CLEAN, { names: '-n --dry-run -x -X', why: 'only says what it would do' }],
        operands: 'pathspec*',
      },
      { why: 'removes files that are not tracked', options: CLEAN, operands: 'cleaned*', here: 'cleaned' },
      {
        why: 'removes files that are not tracked, ignored ones too',
        needs: '-x -X',
        options: [...CLEAN, { names: '-x -X', why: 'ignored files too' }],
        operands: 'written-pathspec*',
        also: 'write-tree',
      },
    ],
    'gc, prune, pack-refs, repack': blank('tidies the object store', [
      {
        names: '--auto --aggressive --quiet -q --prune --no-prune --force -n --dry-run -v --verbose --progress --all -a -d',
        why: 'how much',
      },
    ]),
    'worktree list': blank('lists work trees', [{ names: '--porcelain -v --verbose -z', why: 'how it is done or shown' }]),
    submodule: blank('shows sub-modules', [{ names: '--cached -q --quiet', why: 'which of them it is done with' }]),
    'submodule status': blank(
      'shows sub-modules',
      [{ names: '--cached --recursive -q --quiet', why: 'which of them it is done with' }],
      'pathspec*',
    ),
    'notes, notes list': blank('lists notes'),
    'notes show': blank('shows notes', [], 'revision?'),
    'notes add, notes append': blank('adds a note', [MESSAGE, { names: '-f --force', why: 'over an older one' }], 'revision?'),
    fetch: blank('takes from configured remotes', FETCH, 'remote? refspec*'),
    pull: changes(
      blank(
        'takes from a configured remote, and joins it',
        [
          ...FETCH,
          ...MERGE.slice(0, 2),
          { names: '-r --rebase', attached: 'true|false|merges', why: 'how it is joined' },
          { names: '--no-rebase --edit', why: 'how it is joined' },
        ],
        'remote? refspec*',
      ),
    ),
    push: blank(
      'sends to a configured remote',
      [
        QUIET,
        {
          names: `-u --set-upstream --tags --follow-tags --no-follow-tags --all --branches --mirror -f --force -n --dry-run -d --delete --prune --porcelain
          --atomic --no-atomic --no-verify --force-if-includes --no-force-if-includes --thin --no-thin --no-signed -4 -6`,
          why: 'what is sent',
        },
        { names: '-o --push-option', value: 'word', why: 'what the other side is told' },
        { names: '--force-with-lease', attached: 'refspec', why: 'what is sent' },
      ],
      'remote? refspec*',
    ),
    'format-patch': blank(
      'writes numbered patches in the folder',
      [
        {
          names:
            '-# --stdout -N -n --no-numbered --numbered --cover-letter -s --signoff --no-stat --no-attach -k --keep-subject --root',
          why: 'what they hold',
        },
        { names: '-v --reroll-count --start-number', value: 'number', why: 'how they are numbered' },
        { names: '--to --cc --subject-prefix', value: 'text', why: 'what they hold' },
      ],
      'revision?',
      'pathspec*',
    ),
    'ls-remote': blank(
      'lists what a configured remote has',
      [
        { names: '-h --heads -t --tags --refs -q --quiet --exit-code --get-url --symref', why: 'what is listed' },
        { names: '--sort', value: 'text', why: 'how it is listed' },
      ],
      'remote? text*',
    ),
    clone: blank(
      'copies a repository from an address',
      [
        QUIET,
        {
          names:
            '--bare --mirror --single-branch --no-single-branch --no-tags --no-checkout -n --shallow-submodules --sparse --no-shallow-submodules',
          why: 'what is copied',
        },
        { names: '--depth -j --jobs', value: 'number', why: 'how much is copied' },
        { names: '-b --branch', value: 'branch', why: 'which branch' },
        { names: '-o --origin', value: 'word', why: 'what the remote is called' },
        { names: '--filter', value: 'text', why: 'how much is copied' },
        { names: '--shallow-since', value: 'date', why: 'how much is copied' },
      ],
      'repository write?',
    ),
    init: blank(
      'makes a repository',
      [
        { names: '-q --quiet --bare', why: 'how it is done or shown' },
        { names: '-b --initial-branch', value: 'branch', why: 'the first branch' },
        { names: '--object-format', value: 'sha1|sha256', why: 'how objects are named' },
      ],
      'write?',
    ),
  },
  asks: [
    {
      what: '-c, --config-env, --exec-path, -C, --git-dir, --work-tree, --namespace, -p, --paginate',
      why: 'sets programs, settings or folders for the whole command',
    },
    { what: 'config', why: 'may set a program that git starts; only reading is on the list' },
    { what: '--output, --output-directory, archive, bundle, format-patch -o', why: 'writes files' },
    { what: '--ext-diff, --textconv, difftool, mergetool', why: 'starts programs of the settings' },
    { what: '--no-index, diff --no-index', why: 'reads files outside the repository' },
    {
      what: '--exec, rebase -x, rebase --exec, rebase -i, bisect, filter-branch, submodule foreach, hook, for-each-repo',
      why: 'starts other programs',
    },
    { what: '-O, --open-files-in-pager, --edit, -e', why: 'starts a pager or an editor' },
    { what: '--upload-pack, --receive-pack', why: 'names a program to start on the other side, which may be this one' },
    {
      what: '--template, --config, --separate-git-dir, clone -c, clone -u, init --template',
      why: 'brings settings and hooks along',
    },
    {
      what: '--recurse-submodules, clone --recurse-submodules, submodule update, submodule add',
      why: 'takes from further addresses',
    },
    { what: '--file, -F, --pathspec-from-file, --stdin, -t, --exclude-from, -X', why: 'reads a list or a text from a file' },
    { what: 'remote add, remote set-url, remote rename, remote remove', why: 'changes where pushes go' },
    {
      what: 'apply, am, checkout-index, update-index, read-tree, fast-import, worktree add',
      why: 'writes files that its words do not name',
    },
    {
      what: 'credential, send-email, daemon, instaweb, help, maintenance, svn, p4, gui, citool',
      why: 'starts programs or servers, or shows secrets',
    },
    {
      what: '-S, --gpg-sign, --signed, --show-signature, commit -S, tag -s, tag -v',
      why: 'starts the signing program of the settings',
    },
    { what: 'add -f, add --force, stash -a, stash --all', why: 'takes ignored files too, which often hold secrets' },
    { what: 'grep --untracked', why: 'reads files that are not tracked' },
    { what: '--trailer, --interactive, --patch, -i', why: 'starts helpers of the settings, or waits for answers' },
  ],
})
