/**
 * The style sheet of the page, inline, so that it is one request; its hash stands in the Content-Security-Policy.
 *
 * @internal
 */
export const backupPageStyle = `
:root {
  --page: #f4f6f8; --card: #fff; --text: #17212b; --soft: #52606d; --line: #d5dce3;
  --accent: #0b5cad; --accent-over: #084986; --on-accent: #fff; --focus: #0b5cad;
  --warn-page: #fff6e0; --warn-line: #d98e04; --warn-text: #5c3b00; --tag: #e7eef6; --tag-text: #163f6b;
  --database: #dff3e6; --database-text: #0f4d2a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10161c; --card: #1a222b; --text: #e8edf2; --soft: #a5b2bf; --line: #33404d;
    --accent: #6cb2f7; --accent-over: #95c8fb; --on-accent: #06203a; --focus: #9ccbfa;
    --warn-page: #2e2410; --warn-line: #e0a32e; --warn-text: #f8dfa9; --tag: #24364a; --tag-text: #c4def8;
    --database: #17382a; --database-text: #b5e8cb;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .25rem 1.5rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 0 0 .75rem; font-size: 1rem; line-height: 1.4; }
p { margin: 0; text-wrap: pretty; }
.who { color: var(--soft); overflow-wrap: anywhere; }
.who b { color: var(--text); font-weight: 600; }
.warning {
  margin: 1.5rem 0; padding: 1rem 1.25rem; border: 1px solid var(--warn-line); border-left-width: .375rem;
  border-radius: .5rem; background: var(--warn-page); color: var(--warn-text);
}
.warning h2 { margin-bottom: .25rem; }
.audits {
  display: grid; grid-template-columns: auto 1fr; column-gap: .75rem; align-items: center; margin-bottom: 1.75rem;
  padding: .875rem 1.25rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
}
.audits input { width: 1.375rem; height: 1.375rem; margin: 0; accent-color: var(--accent); cursor: pointer; }
.audits label { padding: .25rem 0; font-weight: 600; cursor: pointer; }
.audits p { grid-column: 2; color: var(--soft); font-size: .9375rem; }
ul {
  margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
  overflow: hidden;
}
li { display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: 1rem 1.25rem; }
li + li { border-top: 1px solid var(--line); }
.node { min-width: 0; }
.name { display: block; font-size: 1.125rem; font-weight: 600; overflow-wrap: anywhere; }
.details { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .5rem; margin-top: .125rem; color: var(--soft); }
.address { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.tag {
  padding: .0625rem .5rem; border-radius: 1rem; background: var(--tag); color: var(--tag-text);
  font-size: .8125rem; font-weight: 600; white-space: nowrap;
}
.database { background: var(--database); color: var(--database-text); }
button {
  flex: none; min-height: 2.75rem; padding: .5rem 1.25rem; border: 0; border-radius: .375rem;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer;
}
button:hover { background: var(--accent-over); }
/* The node's name stands beside the button; in its label it is for those who only hear the button. */
.for { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 3px; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .9375rem; }
footer p + p { margin-top: .5rem; }
@media (max-width: 30rem) {
  main { padding-top: 1.5rem; }
  h1 { font-size: 1.5rem; }
  li { flex-direction: column; align-items: stretch; }
  button { width: 100%; }
}
@media (forced-colors: active) {
  button, .tag { border: 1px solid; }
}
`;
