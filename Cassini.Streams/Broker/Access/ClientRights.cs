namespace Cassini.Streams.Broker.Access;

/// <summary>What one connected client may do, by the rules in force at each moment. For the connection's reader.</summary>
internal sealed class ClientRights
{
    private readonly AccessControl? _control;
    private readonly string _identity;
    private readonly string _clientId;
    private AccessTable? _table;
    private ClientAccess _access;

    /// <param name="control">The rules in force.</param>
    /// <param name="identity">The client's identity.</param>
    /// <param name="clientId">Its client identifier.</param>
    public ClientRights(AccessControl control, string identity, string clientId)
    {
        _control = control;
        _identity = identity;
        _clientId = clientId;
        _table = control.InForce;
        _access = _table.Of(identity, clientId);
    }

    private ClientRights()
    {
        _identity = _clientId = "";
        _access = ClientAccess.OfCanary;
    }

    /// <summary>The number of the rules in force: a verdict with another number is out of date.</summary>
    public int Version => _control?.InForce.Version ?? 1;

    /// <summary>What it may do now.</summary>
    public ClientAccess Now
    {
        get
        {
            if (_control?.InForce is { } table && table != _table)
            {
                _access = table.Of(_identity, _clientId);
                _table = table;
            }

            return _access;
        }
    }

    /// <summary>The rights of the health canary, which no rule changes.</summary>
    public static ClientRights OfCanary() => new();
}
