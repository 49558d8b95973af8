// Command names that are never run by a wildcard: each can start any other program, or change what a later name means.

import { isStateBuiltin } from './builtins.ts'

const list = (text: string): string[] => text.trim().split(/\s+/)

const SHELLS = list(`
  sh bash rbash dash ash zsh rzsh ksh rksh ksh93 mksh lksh pdksh oksh csh tcsh fish elvish nu xonsh pwsh powershell cmd busybox
  toybox yash posh osh ysh sash git-shell murex ion
`)

const INTERPRETERS = list(`
  node nodejs deno bun tsx ts-node esno python pypy perl ruby irb php lua luajit tclsh wish expect Rscript R julia groovy
  scala kotlin kotlinc java jshell jrunscript swift osascript ghci runghc runhaskell erl escript elixir iex guile racket
  sbcl clisp clojure clj ocaml gdb lldb sqlite3 psql mysql mariadb mongo mongosh dc m4 octave matlab ipython jupyter
  gnuplot swipl raku pike janet qjs d8 js jbang tcc ghc ecl gosh csi sqlite duckdb sqlplus maxima gp sage micropython luau
`)

const EDITORS = list(`
  vi vim nvim view vimdiff gvim rvim rview neovim ex ed red nano pico emacs emacsclient mg jed joe ne micro hx kak code
  code-insiders codium cursor zed subl gedit kate
`)

const PAGERS = list('less more most pg lesspipe w3m lynx links elinks')

const LAUNCHERS = list(`
  env xargs timeout gtimeout nice renice ionice chrt taskset nohup setsid stdbuf unbuffer script watch entr parallel flock
  sudo doas su runuser pkexec gksudo kdesu sg newgrp chroot unshare nsenter setpriv capsh systemd-run machinectl bwrap
  firejail proot fakeroot time strace ltrace perf valgrind ssh slogin rsh mosh autossh sshpass telnet nc ncat netcat socat
  npx bunx pnpx uvx pipx at batch crontab screen tmux byobu dtach abduco nix nix-shell direnv dbus-launch
  dbus-run-session xvfb-run daemonize start-stop-daemon run-parts cpulimit catchsegv rlwrap start open xdg-open
  gio exo-open launchctl run0 coproc gosu su-exec chpst setarch linux32 linux64 runcon prlimit numactl torsocks torify
  proxychains proxychains4 eatmydata faketime chronic ifne caffeinate hyperfine tini dumb-init ftp lftp mail mailx mutt
  sendmail logrotate nodemon pm2 forever concurrently cross-env dotenv dotenvx env-cmd corepack mise asdf volta fnm pyenv
  rbenv nodenv foreman honcho overmind ssh-agent dbus-send chronyc watchexec nvm
`)

const GROUPS: readonly (readonly [kind: string, names: ReadonlySet<string>, family?: RegExp])[] = [
  ['a shell', new Set(SHELLS), /^(ba|z|da|k)sh-?[0-9.]+$/],
  ['an interpreter', new Set(INTERPRETERS), /^(python|pypy|perl|ruby|php|lua|luajit|node|nodejs|tclsh)-?[0-9][0-9.]*[a-z]?$/],
  ['an editor', new Set(EDITORS)],
  ['a pager', new Set(PAGERS)],
  ['a launcher', new Set(LAUNCHERS), /^ld(-linux.*|-musl.*)?\.so(\.[0-9]+)?$/],
]

/** What kind of never-by-wildcard name it is ("a shell", "a launcher"), or undefined: an ordinary one. */
export function riskyKind(name: string): string | undefined {
  if (isStateBuiltin(name)) return 'a builtin that changes the shell'
  for (const [kind, names, family] of GROUPS) {
    if (names.has(name) || family?.test(name) === true) return kind
  }
  return undefined
}

/** The last component of a path: what a name in a deny rule is compared with. */
export const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)
