// Small comforts on every page. Each page works without this file.

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input, textarea, select, [contenteditable]");
}

// `/` goes to the search box, Escape closes an open menu and gives the focus back.
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
    const box = document.querySelector<HTMLInputElement>("[data-find]");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  }
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.ja-menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.ja-menu[open]")) {
    if (!menu.contains(event.target as Node)) menu.open = false;
  }
});

// A filter's select sends its form by itself; the button beside it serves those without script.
document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement;
  if (field.matches("[data-submit]")) (field as HTMLSelectElement).form?.requestSubmit();
});

// Print and back buttons.
document.addEventListener("click", (event) => {
  if ((event.target as HTMLElement).closest("[data-print]")) window.print();
});

// A word of thanks does not stay over the page.
window.setTimeout(() => {
  for (const toast of document.querySelectorAll(".ja-toast")) toast.remove();
}, 8000);

// The alarm desk: digits choose what was done; a chosen way offers its sentence, never over typed words.
const offered = new Set<string>([""]);
function offer(choice: HTMLInputElement): void {
  const note = choice.form?.querySelector<HTMLTextAreaElement>("textarea[name=note]");
  const sentence = choice.dataset.sentence ?? "";
  if (note && offered.has(note.value)) {
    note.value = sentence;
    offered.add(sentence);
  }
}
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-keys]")) {
  const chosen = form.querySelector<HTMLInputElement>("input[data-key]:checked");
  if (chosen) offer(chosen);
  form.addEventListener("change", (event) => {
    const choice = event.target as HTMLInputElement;
    if (choice.matches("input[data-key]")) offer(choice);
  });
  document.addEventListener("keydown", (event) => {
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const choice = form.querySelector<HTMLInputElement>(`input[data-key="${CSS.escape(event.key)}"]`);
    if (!choice) return;
    choice.checked = true;
    offer(choice);
  });
}
