import { Component, type ReactNode } from "react";
import { Failure } from "./notes.tsx";

/**
 * Tells what a page threw, in its place: most often that its code did not come, as the API was away. React and the browser remember
 * that, so trying again is a reload.
 */
export class PageBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error ? <Failure error={error} onRetry={() => location.reload()} /> : this.props.children;
  }
}
