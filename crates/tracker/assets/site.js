// Comfort only: every page does all of this without a script, if less quickly.

// "/" goes to the search field, unless something is being typed.
document.addEventListener("keydown", event => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector("#search");
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// Times in the reader's own zone, on pointing at them.
for (const time of document.querySelectorAll("time[datetime]")) {
  const date = new Date(time.dateTime);
  if (!Number.isNaN(date.valueOf())) time.title = date.toLocaleString();
}

// A secret that is shown once can be copied with a button.
for (const secret of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(secret.textContent.trim());
    button.textContent = "Copied";
  });
  secret.after(button);
}
