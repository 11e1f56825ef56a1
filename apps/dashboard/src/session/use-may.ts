import { type Role, roles } from "@reluctant/contracts";
import { useSession } from "./session-gate.tsx";

/** Whether who is logged in may do what takes this role, as the API holds it: what one may not do is not offered. */
export function useMay(least: Role): boolean {
  const { data: identity } = useSession();
  return identity !== undefined && roles.indexOf(identity.role) >= roles.indexOf(least);
}
