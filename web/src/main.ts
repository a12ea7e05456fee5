import "./styles.css";

import { currentAccount, logOut } from "./transport/api";
import { h } from "./views/dom";
import { signInView } from "./views/sign_in";
import { Workbench } from "./views/workbench";

const app = document.getElementById("app")!;
let workbench: Workbench | null = null;

async function enter(): Promise<void> {
  try {
    const account = await currentAccount();
    if (!account) return showSignIn();
    workbench = new Workbench(app, account, (message) => void leave(message));
  } catch (error) {
    showProblem(error instanceof Error ? error.message : String(error));
  }
}

async function leave(message?: string): Promise<void> {
  workbench?.close();
  workbench = null;
  try {
    if (message === undefined) await logOut();
    showSignIn(message);
  } catch (error) {
    showProblem(error instanceof Error ? error.message : String(error));
  }
}

function showSignIn(message = ""): void {
  app.replaceChildren(signInView(() => void enter(), message));
  app.querySelector<HTMLInputElement>("#email")?.focus();
}

function showProblem(message: string): void {
  const again = h("button", { type: "button", className: "primary" }, "Try again");
  again.addEventListener("click", () => void enter());
  app.replaceChildren(
    h("main", { className: "sign-in" }, h("div", { className: "card" }, h("p", { attributes: { role: "alert" } }, message), again)),
  );
}

void enter();
