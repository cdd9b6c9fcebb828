#requires -Version 5.1
<#
.SYNOPSIS
{{.Synopsis}}

.DESCRIPTION
Made by zo365 rbac script. Run it in Exchange Online PowerShell as an Exchange
Administrator, after Connect-ExchangeOnline: https://aka.ms/exov3-module
It can be run again: what is there already is left as it is. -WhatIf shows what
it would do. Its result is a JSON file for: zo365 rbac confirm --from FILE

Why: https://learn.microsoft.com/exchange/permissions-exo/application-rbac
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    # Where the result goes.
    [string] $ResultPath = 'zo365-exchange-result.json',
    # Take away what reaches more than the scope. Run the script without it first,
    # and wait for Exchange's cache: 30 minutes to 2 hours.
    [switch] $RemoveUnscoped
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$script:Tests = @()
$script:Wrong = @()

function Assert-Zo365Tenant {
    param([string] $Tenant)
    $connected = @(Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' })
    if ($connected.Count -eq 0) { throw 'Not connected: run Connect-ExchangeOnline first.' }
    foreach ($connection in $connected) {
        if ([string] $connection.TenantID -ne $Tenant) {
            throw ('This script is for the tenant ' + $Tenant + ', and PowerShell is connected to ' + $connection.TenantID + '. Nothing was changed.')
        }
    }
}

function Add-Zo365Pointer {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string] $AppId, [string] $ObjectId, [string] $DisplayName)
    $known = @(Get-ServicePrincipal | Where-Object { [string] $_.ObjectId -eq $ObjectId })
    if ($known.Count -gt 0) { return }
    if ($PSCmdlet.ShouldProcess($DisplayName, 'New-ServicePrincipal')) {
        New-ServicePrincipal -AppId $AppId -ObjectId $ObjectId -DisplayName $DisplayName | Out-Null
    }
}

# What an application holds; nothing where Exchange does not know it. Any other error ends the script.
function Get-Zo365Held {
    param([string] $App)
    if (@(Get-ServicePrincipal | Where-Object { [string] $_.ObjectId -eq $App }).Count -eq 0) { return }
    Get-ManagementRoleAssignment -RoleAssignee $App
}

function Add-Zo365Scope {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string] $Name, [string] $Filter)
    $known = @(Get-ManagementScope | Where-Object { $_.Name -eq $Name })
    foreach ($one in $known) {
        # Exchange writes a filter with its own blanks and brackets.
        if (([string] $one.RecipientFilter -replace '[\s()]', '') -ne ($Filter -replace '[\s()]', '')) {
            throw ('The scope ' + $Name + ' is there with another filter: ' + $one.RecipientFilter)
        }
    }
    if ($known.Count -gt 0) { return }
    if ($PSCmdlet.ShouldProcess($Name, 'New-ManagementScope')) {
        New-ManagementScope -Name $Name -RecipientRestrictionFilter $Filter | Out-Null
    }
}

function Add-Zo365Role {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string] $Name, [string] $Role, [string] $App, [string] $Group, [string] $Unit, [string] $Scope)
    $wanted = $Group + $Unit + $Scope
    $known = @(Get-Zo365Held -App $App | Where-Object {
            $_.Name -eq $Name -or ([string] $_.Role -eq $Role -and [string] $_.CustomResourceScope -eq $wanted)
        })
    if ($known.Count -gt 0) { return }
    $parameters = @{ Name = $Name; Role = $Role; App = $App }
    if ($Group) { $parameters['RecipientGroupScope'] = $Group }
    if ($Unit) { $parameters['RecipientAdministrativeUnitScope'] = $Unit }
    if ($Scope) { $parameters['CustomResourceScope'] = $Scope }
    if ($parameters.Count -ne 4) { throw ('The role ' + $Role + ' has no scope: it would reach every mailbox.') }
    if ($PSCmdlet.ShouldProcess($Name, 'New-ManagementRoleAssignment')) {
        New-ManagementRoleAssignment @parameters | Out-Null
    }
}

function Remove-Zo365Role {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string] $Role, [string] $App, [string] $ScopeType, [string] $Scope)
    $held = @(Get-Zo365Held -App $App | Where-Object {
            [string] $_.Role -eq $Role -and [string] $_.RecipientWriteScope -eq $ScopeType -and [string] $_.CustomResourceScope -eq $Scope
        })
    foreach ($one in $held) {
        if ($PSCmdlet.ShouldProcess($one.Name, 'Remove-ManagementRoleAssignment')) {
            Remove-ManagementRoleAssignment -Identity $one.Name -Confirm:$false
        }
    }
}

function Remove-Zo365Grant {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string] $Permission, [string] $PrincipalId, [string] $ApiAppId, [string] $AppRoleId)
    if (-not (Get-Command Get-MgServicePrincipalAppRoleAssignment -ErrorAction SilentlyContinue)) {
        Write-Warning ($Permission + ' is a grant in Entra: zo365 rbac apply takes it away, or this script with the module Microsoft.Graph.Applications.')
        return
    }
    $held = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $PrincipalId -All | Where-Object { [string] $_.AppRoleId -eq $AppRoleId })
    foreach ($one in $held) {
        $api = Get-MgServicePrincipal -ServicePrincipalId $one.ResourceId
        if ([string] $api.AppId -ne $ApiAppId) { continue }
        if ($PSCmdlet.ShouldProcess($Permission, 'Remove-MgServicePrincipalAppRoleAssignment')) {
            Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $PrincipalId -AppRoleAssignmentId $one.Id
        }
    }
}

function Remove-Zo365Policy {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string] $Identity)
    $known = @(Get-ApplicationAccessPolicy | Where-Object { [string] $_.Identity -eq $Identity })
    foreach ($one in $known) {
        if ($PSCmdlet.ShouldProcess($Identity, 'Remove-ApplicationAccessPolicy')) {
            Remove-ApplicationAccessPolicy -Identity $one.Identity -Confirm:$false
        }
    }
}

function Test-Zo365Mailbox {
    param([string] $App, [string] $Mailbox, [string] $Expected)
    if ($WhatIfPreference) { return }
    $test = [ordered] @{ mailbox = $Mailbox; expected = $Expected; rows = $null; error = '' }
    try {
        $columns = 'RoleName', 'GrantedPermissions', 'AllowedResourceScope', 'ScopeType', 'InScope'
        $rows = @(Test-ServicePrincipalAuthorization -Identity $App -Resource $Mailbox | Select-Object -Property $columns)
        $test['rows'] = $rows
        $inside = @($rows | Where-Object { [string] $_.InScope -eq 'True' })
        if ($Expected -eq 'in' -and $inside.Count -eq 0) { $script:Wrong += ($Mailbox + ' is not in scope and should be') }
        if ($Expected -eq 'out' -and $inside.Count -gt 0) { $script:Wrong += ($Mailbox + ' is in scope and should not be') }
    }
    catch {
        $test['error'] = [string] $_
        $script:Wrong += ($Mailbox + ': ' + [string] $_)
    }
    $script:Tests += $test
}

function Get-Zo365Roles {
    param([string] $App)
    $scopes = @{}
    foreach ($scope in @(Get-ManagementScope)) { $scopes[[string] $scope.Name] = [string] $scope.RecipientFilter }
    $rows = @()
    foreach ($one in @(Get-Zo365Held -App $App)) {
        $name = [string] $one.CustomResourceScope
        $rows += [ordered] @{
            name = [string] $one.Name; role = [string] $one.Role; assignee = $App
            scope_type = [string] $one.RecipientWriteScope; scope = $name; filter = [string] $scopes[$name]
        }
    }
    return , $rows
}

function Get-Zo365Policies {
    $rows = @()
    foreach ($one in @(Get-ApplicationAccessPolicy)) {
        $group = Get-Recipient -Identity ([string] $one.ScopeIdentity) -ErrorAction SilentlyContinue
        $id = ''
        if ($group) { $id = [string] $group.ExternalDirectoryObjectId }
        $rows += [ordered] @{
            identity = [string] $one.Identity; app_id = (@($one.AppId) -join ','); right = [string] $one.AccessRight
            group = [string] $one.ScopeName; group_id = $id
        }
    }
    return , $rows
}

Assert-Zo365Tenant -Tenant {{.Tenant}}
{{range .Lines}}{{.}}
{{end}}{{range .Tests}}{{.}}
{{end}}{{if .Removes}}
if ($RemoveUnscoped) {
    if ($script:Wrong.Count -gt 0) {
        throw ('Nothing was removed, since the roles are not as wanted: ' + ($script:Wrong -join '; '))
    }
{{range .Removes}}    {{.}}
{{end}}}
{{end}}
$organization = Get-OrganizationConfig
$allowed = ''
if ($organization.PSObject.Properties.Name -contains 'EwsAllowedAppIDs') { $allowed = [string] $organization.EwsAllowedAppIDs }
$result = [ordered] @{
    format   = 'zo365 exchange'
    version  = 1
    tenant   = {{.Tenant}}
    app_id   = {{.AppID}}
    at       = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
    pointer  = (@(Get-ServicePrincipal | Where-Object { [string] $_.ObjectId -eq {{.PrincipalID}} }).Count -gt 0)
    roles    = (Get-Zo365Roles -App {{.PrincipalID}})
    policies = (Get-Zo365Policies)
    tests    = $script:Tests
    ews      = [ordered] @{ enabled = $organization.EwsEnabled; allowed = $allowed }
}
if (-not $WhatIfPreference) {
    $result | ConvertTo-Json -Depth 6 | Set-Content -LiteralPath $ResultPath -Encoding UTF8
    Write-Host ('The result is in ' + $ResultPath + '. Hand it over with: zo365 rbac confirm --from ' + $ResultPath)
}
if ($script:Wrong.Count -gt 0) {
    throw ('Not as wanted: ' + ($script:Wrong -join '; '))
}
