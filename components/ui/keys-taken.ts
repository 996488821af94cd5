/** True while keys belong to a field, a dialog or a menu, or to the browser. */
export function keysAreTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return true;
  const target = event.target as HTMLElement | null;
  if (target?.closest("input:not([type=checkbox]), textarea, select, [contenteditable=true], .cm-editor, [role=dialog], [role=menu], [role=listbox]")) return true;
  return document.querySelector("[role=dialog][aria-modal=true]") !== null;
}
