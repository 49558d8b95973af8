// What the checker and the tables of tools say to each other: arguments in, the files they name out, or why they need asking.

/** One argument as the tool will get it: patterns and tildes expanded, quotes taken off. */
export interface Argument {
  readonly text: string
  /** Written as a pathname pattern, met or not: at most an operand, never a sub-command, an option or an option's value. */
  readonly fromPattern: boolean
}

/** A file that the tool will use. */
export interface Operand {
  /** As the tool sees it, relative to `Place.cwd`; FILE of `--x=FILE` and of `-xFILE`. */
  readonly path: string
  /** `write`: made, changed, removed, moved, or moved over. */
  readonly use: 'read' | 'write'
  /** Everything below it too: `grep -r`, `rm -r`, `cp -r`, `find`. */
  readonly deep: boolean
  /** With `deep`: names that begin with a dot are left out, as `rg` does. */
  readonly skipsHidden?: true
  /** With `deep`: what a `.gitignore` leaves out is left alone (`git add`). */
  readonly skipsIgnored?: true
}

export interface Place {
  /** Absolute. */
  readonly cwd: string
  /** Whether a folder exists there, links followed; `cp a dir` writes `dir/a`. Never throws. */
  isFolder(path: string): boolean
  /** Whether a file, folder or link of that name exists. Never throws. */
  exists(path: string): boolean
}

export type Judgement =
  | {
      readonly ok: true
      readonly operands: readonly Operand[]
      /** Starts programs that its arguments do not name: a project's scripts, a Makefile's commands, tests. */
      readonly runsProject: boolean
    }
  /** `why`: one sentence for the person who is asked. */
  | { readonly ok: false; readonly why: string }
