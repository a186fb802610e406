// Copies a text at the press of the button beside it. Only a help: every text can be selected by hand.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const source = document.getElementById(button.dataset.copies), said = button.nextElementSibling;
  button.hidden = false;
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(source); // where the clipboard is out of reach, the keys do it
    try {
      await navigator.clipboard.writeText(source.textContent);
      said.textContent = button.dataset.done;
      setTimeout(() => said.textContent = "", 4000);
    } catch {
      // Selected all the same.
    }
  });
}
