namespace Cassini.Harness.Views;

/// <summary>Where a run is shown while it runs.</summary>
internal interface IRunView
{
    /// <summary>One line. Any thread.</summary>
    void Say(string line);

    /// <summary>Shows a test's progress from now on.</summary>
    void Begin(TestRun run);

    /// <summary>Shows the last of it.</summary>
    Task EndAsync();
}
