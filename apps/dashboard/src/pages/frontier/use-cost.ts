import { type FrontierAxis, frontierAxes } from "@reluctant/contracts";
import { useSearchParams } from "wouter";

/** What the frontier is drawn over, from the address: ReLUs unless it says otherwise. */
export function useCost() {
  const [params, setParams] = useSearchParams();
  const axis = frontierAxes.find((each) => each === params.get("axis")) ?? "relus";
  return {
    axis,
    setting: params.get("setting") ?? undefined,
    choose: (chosen: { axis: FrontierAxis; setting?: string | undefined }) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          next.set("axis", chosen.axis);
          if (chosen.setting) next.set("setting", chosen.setting);
          return next;
        },
        { replace: true },
      ),
  };
}
