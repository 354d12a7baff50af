namespace Cassini.Web.Cli.Administering;

/// <summary>What an answer to <c>cassini admin</c> shows.</summary>
internal enum AdminView
{
    /// <summary>What was done.</summary>
    Done,

    /// <summary>The table of identities.</summary>
    Identities,

    /// <summary>The table of sessions.</summary>
    Sessions,

    /// <summary>One client.</summary>
    Client,
}
